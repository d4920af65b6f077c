return query
    with staged as materialized (
        select x.bond_key, {expressions} from (
            select y.* {generated} from (
                select s.key as bond_key, {typed} from pg_temp.bond_stage as s
                where s.tab = {tab} and not s.gone
            ) as y
        ) as x where {predicate}
    ),
    here as (
        select x.bond_key, {expressions} from (
            select {key_text} as bond_key, t.* from only {table} as t
        ) as x
        where {predicate} and not exists (
            select from pg_temp.bond_stage as s where s.tab = {tab} and s.key = x.bond_key
        )
    )
    select s.bond_key, o.bond_key, {constraint}::name
    from staged as s join here as o on {same}
    union all
    select s.bond_key, o.bond_key, {constraint}::name
    from staged as s join staged as o on {same} and s.bond_key < o.bond_key;
