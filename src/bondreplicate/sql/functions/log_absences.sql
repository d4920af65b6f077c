-- Logs in replicate_error what of the rows in bond_met was changed at one site and deleted at
-- another, neither having seen the other: the later stays. Returns conflicts logged.
create or replace function bondreplicate.log_absences(me smallint, wanted_tab integer)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    conflicts integer;
begin
    with compared as (
        select s.key, m.gone, m.vals, m.here, v.lost, m.stamp, m.site, m.repair,
            l.stamp as l_stamp, l.site as l_site, l.repair as l_repair
        from pg_temp.bond_met as m
        join pg_temp.bond_stage as s on s.ctid = m.place
        cross join lateral (
            select (m.t_stamp, m.t_site, m.t_repair) > (m.stamp, m.site, m.repair) as lost
        ) as v
        -- The latest that the origin had not seen; a row that outlives its deletion is the latest.
        cross join lateral (
            select k.stamp, k.site, k.repair
            from jsonb_to_recordset(m.known) as k (
                stamp timestamptz, site smallint, repair smallint, seen boolean
            )
            where not k.seen order by k.stamp desc, k.site desc, k.repair desc limit 1
        ) as l
        where m.gone <> (m.here is null) and (m.gone or not m.t_seen)
            and (l.stamp, l.site) <> (m.stamp, m.site)
            and not exists (
                select from jsonb_to_recordset(m.known) as k (
                    stamp timestamptz, site smallint, repair smallint
                )
                where (k.stamp, k.site, k.repair) = (m.stamp, m.site, m.repair)
            )
    )
    insert into bondreplicate.replicate_error (
        source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
        winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
    )
    select me, t.schema_name, t.table_name, c.key, 'concurrent', 'the later version stays',
        case when c.lost then 'the incoming change was not applied'
            else 'the change made here was replaced' end,
        t.columns, w.*, l.*
    from compared as c
    join pg_temp.bond_shape as t on t.tab = wanted_tab
    cross join lateral (
        select c.l_stamp, c.l_site, c.l_repair, c.here where c.lost
        union all select c.stamp, c.site, c.repair, c.vals where not c.lost
    ) as w (stamp, site, repair, vals)
    cross join lateral (
        select c.stamp, c.site, c.repair, c.vals where c.lost
        union all select c.l_stamp, c.l_site, c.l_repair, c.here where not c.lost
    ) as l (stamp, site, repair, vals)
    on conflict do nothing;
    get diagnostics conflicts = row_count;
    return conflicts;
end
$$;
comment on function bondreplicate.log_absences(smallint, integer) is
'logs rows that were changed at one site and deleted at another';
