-- Incoming rows of one table against the versions remembered here. Logs concurrent changes in
-- replicate_error, drops from the stage what lost or was applied before. Returns conflicts logged.
create or replace function pg_temp.{function}(origin smallint, me smallint, batch_seen jsonb)
returns integer
language plpgsql
as $contest$
#variable_conflict use_variable
declare
    conflicts integer := 0;
begin
    if not exists (select from bondreplicate.replicate_log) then
        return 0;
    end if;
    with met as materialized (
        select s.ctid as place, s.key, s.stamp, s.site, s.repair, s.gone, s.vals, s.seen as waited,
            s.source as maker, s.xid, m.stamp as m_stamp, m.site as m_site, m.repair as m_repair,
            (m.stamp, m.site, m.repair) > (s.stamp, s.site, s.repair) as lost, m.seen, m.source,
            m.known, m.alike
        from pg_temp.bond_stage as s
        cross join lateral (
            select l.stamp, l.site, l.repair, l.source,
                l.source = coalesce(s.via, origin)
                or (s.via is not null or not exists (
                    select from pg_temp.bond_aside as a where a.tab = {tab} and a.key = s.key
                ))
                and case
                    when l.source = me then pg_visible_in_snapshot(
                        l.xid, bondreplicate.position_in(coalesce(s.seen, batch_seen), me)
                    )
                    else pg_visible_in_snapshot(
                        l.origin_xid,
                        bondreplicate.position_in(coalesce(s.seen, batch_seen), l.source)
                    )
                end as seen,
                bool_or((l.stamp, l.site, l.repair) = (s.stamp, s.site, s.repair)) over () as known,
                bool_or((l.stamp, l.repair) = (s.stamp, s.repair)) over () as alike
            from bondreplicate.replicate_log as l
            where l.tab = {tab} and l.hash in ({hash_s}, {tab}) and (l.key is null or {key_equal_l})
            order by l.stamp desc, l.site desc, l.repair desc limit 1
        ) as m
        where s.tab = {tab} and s.key is not null and not s.mine
            and ((m.stamp, m.site, m.repair) >= (s.stamp, s.site, s.repair) or not m.seen)
    ),
    compared as materialized (
        select m.*, {vals_or_null} as here
        from met as m
        left join only {table} as t on {key_equal_m}
    ),
    logged as (
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
            winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
        )
        select me, {schema_name}, {table_name}, c.key, 'concurrent', 'the later version stays',
            case when c.lost then 'the incoming change was not applied'
                else 'the change made here was replaced' end,
            {columns}, w.*, l.*
        from compared as c
        cross join lateral (
            select c.m_stamp, c.m_site, c.m_repair, c.here where c.lost
            union all select c.stamp, c.site, c.repair, c.vals where not c.lost
        ) as w (stamp, site, repair, vals)
        cross join lateral (
            select c.stamp, c.site, c.repair, c.vals where c.lost
            union all select c.m_stamp, c.m_site, c.m_repair, c.here where not c.lost
        ) as l (stamp, site, repair, vals)
        where not c.seen and not c.known and c.vals is distinct from c.here {told_here}
            and (c.m_stamp, c.m_site) <> (c.stamp, c.site) -- a row with its own repair
        on conflict do nothing returning 1
    ),
    owed as (
        update pg_temp.bond_stage as s set again = true
        from compared as c
        where s.ctid = c.place and c.waited is not null and not (c.lost or c.known or c.seen)
    ),
    dropped as (
        delete from pg_temp.bond_stage as s using compared as c
        where s.ctid = c.place
            and (c.lost or s.source = me and c.here is not null or c.known and (
                (c.m_stamp, c.m_site, c.m_repair) <> (c.stamp, c.site, c.repair)
                or coalesce(md5(c.vals::text), '') <= coalesce(md5(c.here::text), '')
            ))
    )
    select count(*) into conflicts from logged;
    return conflicts;
end
$contest$
