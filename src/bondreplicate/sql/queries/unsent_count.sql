-- At an origin: what was made here and a target at this position has not got.
select
    count(*) as entries,
    min(stamp) as oldest,
    clock_timestamp() as now
from bondreplicate.replicate_log
where
    source = %(source)s::smallint
    and xid >= pg_snapshot_xmin(%(position)s::pg_snapshot)
    and not pg_visible_in_snapshot(xid, %(position)s::pg_snapshot)
