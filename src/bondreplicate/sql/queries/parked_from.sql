-- At a target: changes of an origin, committed before a snapshot there, that cannot be applied yet.
select
    count(*) as parked,
    min(reason) as reason
from bondreplicate.replicate_parked
where
    source = %(source)s::smallint
    and (
        xid is null or maker <> source or pg_visible_in_snapshot(xid, %(before)s::pg_snapshot)
    )
