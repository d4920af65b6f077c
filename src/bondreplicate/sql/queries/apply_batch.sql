select a.rows_applied, a.conflicts, a.parked, a.revision
from bondreplicate.apply_batch(
    %(origin)s::smallint, %(incarnation)s::uuid, %(since)s::pg_snapshot, %(upto)s::pg_snapshot,
    %(seen)s::jsonb, %(ahead_max_s)s * interval '1 second'
) as a
