-- What a link has to send from a position on: one row.
select pg_current_snapshot()::text as upto, pg_current_wal_insert_lsn()::text as written,
    bondreplicate.tables_now() as revision,
    v.vector, v.applied, (
        select coalesce(jsonb_agg(jsonb_build_array(p.schema_name, p.table_name, p.key)), '[]')
        from (
            select k.schema_name, k.table_name, k.key from bondreplicate.replicate_parked as k
            join bondreplicate.replicate_tables as t
                on t.schema_name = k.schema_name and t.table_name = k.table_name and t.active
            order by k.parked_at desc limit 5000
        ) as p
    ) as aside, u.tabs, u.entries, u.oldest, u.clock_went_back,
    exists (
        select from bondreplicate.replicate_error as e
        where e.source = %(me)s and e.xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
            and not pg_visible_in_snapshot(e.xid, %(since)s::pg_snapshot)
    ) as errors
from (
    select
        coalesce(
            jsonb_object_agg(p.site, p.position::text) filter (where p.position is not null), '{}'
        ) as vector,
        coalesce(sum(p.entries), 0)::bigint as applied
    from bondreplicate.replicate_position as p
) as v
cross join (
    select
        coalesce(array_agg(distinct l.tab) filter (
            where l.tab in (
                select t.id from bondreplicate.replicate_tables as t
                where t.active or t.owed and t.reason !~ '^its key was another one'
            )
        ), '{}') as tabs,
        count(*) as entries,
        min(l.stamp) as oldest,
        coalesce(bool_or(l.repair = 0 and l.origin_xid is null and (
            l.xid > c.xid and l.stamp < c.stamp or l.xid > c.step_xid and l.stamp < c.step_stamp
        )), false) as clock_went_back
    from bondreplicate.replicate_clock as c
    cross join bondreplicate.replicate_log as l
    where l.source = %(me)s and l.xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
        and not pg_visible_in_snapshot(l.xid, %(since)s::pg_snapshot)
) as u
