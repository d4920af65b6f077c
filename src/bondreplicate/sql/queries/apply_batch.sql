select a.rows_applied, a.conflicts, a.parked
from bondreplicate.apply_batch(
    %(origin)s::smallint, %(incarnation)s::uuid, %(since)s::pg_snapshot, %(upto)s::pg_snapshot,
    %(seen)s::jsonb, %(aside)s::jsonb, %(entries)s::bigint, %(revision)s::bigint,
    %(proof_held)s::text, %(proof)s::text, %(impatient)s, %(stubborn)s,
    %(ahead_max_s)s * interval '1 second'
) as a
