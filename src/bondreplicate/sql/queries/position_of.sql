-- At a target: what of an origin has been applied there.
select
    incarnation::text as incarnation,
    position::text as position,
    applied_at,
    batches,
    rows,
    lag_s,
    clock_timestamp() as now
from bondreplicate.replicate_position
where site = %(site)s::smallint
