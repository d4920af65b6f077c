-- Logs in replicate_error what bond_column shows to have been written at two sites, neither having
-- seen the other: the later stays. Both rows are whole and differ in the columns that clashed: the
-- one that lost is what the merged row would be if it had won. Returns conflicts logged.
create or replace function bondreplicate.log_columns(me smallint, wanted_tab integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    conflicts integer;
begin
    with clashed as materialized (
        select c.place, c.taken, c.i_stamp, c.i_site, c.i_repair, c.l_stamp, c.l_site, c.l_repair,
            array_agg(c.n) as places, string_agg(c.name, ', ' order by c.name) as names
        from pg_temp.bond_column as c
        where not c.seen and c.nth is not null and c.theirs is distinct from c.ours
            and (c.i_stamp, c.i_site) <> (c.l_stamp, c.l_site) -- with its own repair
        group by c.place, c.taken, c.i_stamp, c.i_site, c.i_repair,
            c.l_stamp, c.l_site, c.l_repair
    ),
    told as (
        select c.*, s.key, r.merged, r.lost
        from clashed as c
        join pg_temp.bond_stage as s on s.ctid = c.place
        cross join lateral (
            select array_agg(v.stays order by v.n) as merged, array_agg(
                case when v.n <> all (c.places) then v.stays when c.taken then v.ours
                    else v.theirs end
                order by v.n
            ) as lost
            from (
                select b.n, b.ours, b.theirs,
                    case when b.taken then b.theirs else b.ours end as stays
                from pg_temp.bond_column as b where b.place = c.place
            ) as v
        ) as r
    )
    insert into bondreplicate.replicate_error (
        source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
        winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
    )
    select me, t.schema_name, t.table_name, c.key, 'concurrent',
        'the later version of each column stays', case
            when c.taken then format('the change of %s made here was replaced', c.names)
            else format('the incoming change of %s was not applied', c.names)
        end, t.columns, w.*, c.merged, l.*, c.lost
    from told as c
    join pg_temp.bond_shape as t on t.tab = wanted_tab
    cross join lateral (
        select c.i_stamp, c.i_site, c.i_repair where c.taken
        union all select c.l_stamp, c.l_site, c.l_repair where not c.taken
    ) as w (stamp, site, repair)
    cross join lateral (
        select c.l_stamp, c.l_site, c.l_repair where c.taken
        union all select c.i_stamp, c.i_site, c.i_repair where not c.taken
    ) as l (stamp, site, repair)
    on conflict do nothing;
    get diagnostics conflicts = row_count;
    return conflicts;
end
$$;
comment on function bondreplicate.log_columns(smallint, integer) is
'logs columns that were written at two sites';
