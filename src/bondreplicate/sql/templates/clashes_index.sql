return query
    with staged as materialized (
        select x.{key}, {expressions} from (
            select y.* {generated} from (
                select s.key as {key}, {typed} from pg_temp.bond_stage as s
                -- In a case, so that the planner does not take them for few.
                where case
                    when s.tab = {tab} then not s.gone and (wanted is null or s.key = wanted)
                end
            ) as y
        ) as x where {predicate}
    ),
    here as (
        select x.{key}, {expressions} from (
            select {key_text} as {key}, t.* from only {table} as t
        ) as x
        where {predicate} and not exists (
            select from pg_temp.bond_stage as s where s.tab = {tab} and s.key = x.{key}
        )
    )
    select s.{key}, o.{key}, {constraint}::name
    from staged as s join here as o on {same}
    union all
    select s.{key}, o.{key}, {constraint}::name
    from staged as s join staged as o on {same} and s.{key} < o.{key};
