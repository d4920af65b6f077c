-- What a target knows of an origin: one row. A copy holds, of a site other than the one that was
-- copied, what that one held.
select p.position::text, p.incarnation::text, p.proof,
    coalesce(p.position, p.copied)::text as holds,
    coalesce(
        pg_snapshot_xmax(coalesce(p.position, p.copied))::text::bigint - 1,
        p.copied_xid::text::bigint
    ) as has_xid,
    s.maxsites, bondreplicate.tables_now() as revision,
    exists (
        select from bondreplicate.replicate_hosts as h where h.site = %(origin)s::smallint
    ) as listed,
    exists (select from bondreplicate.replicate_parked as k where k.source = %(origin)s) as parked
from bondreplicate.replicate_state as s
left join bondreplicate.replicate_position as p on p.site = %(origin)s
