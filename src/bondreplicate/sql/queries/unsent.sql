-- What a link has to send from a position on: one row.
select pg_current_snapshot()::text as upto, v.vector, u.tabs, u.entries, u.oldest,
    exists (
        select from bondreplicate.replicate_error as e
        where e.source = %(me)s and e.xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
            and not pg_visible_in_snapshot(e.xid, %(since)s::pg_snapshot)
    ) as errors,
    exists (select from bondreplicate.replicate_log) as log_busy
from (
    select coalesce(jsonb_object_agg(p.site, p.position::text) filter (where p.position is not null), '{}') as vector
    from bondreplicate.replicate_position as p
) as v
cross join (
    select coalesce(array_agg(distinct l.tab), '{}') as tabs, count(*) as entries, min(l.stamp) as oldest
    from bondreplicate.replicate_log as l
    where l.source = %(me)s and l.xid >= pg_snapshot_xmin(%(since)s::pg_snapshot)
        and not pg_visible_in_snapshot(l.xid, %(since)s::pg_snapshot)
) as u
