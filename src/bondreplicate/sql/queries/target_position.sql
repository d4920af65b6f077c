select p.position::text, p.incarnation::text,
    coalesce(pg_snapshot_xmax(p.position), p.copied_xid)::text::bigint as has_xid, s.maxsites,
    bondreplicate.tables_now() as revision,
    exists (select from bondreplicate.replicate_parked as k where k.source = %(origin)s) as parked
from bondreplicate.replicate_state as s
left join bondreplicate.replicate_position as p on p.site = %(origin)s
