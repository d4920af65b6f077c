-- In a copy: every other site is asked again for everything that it still keeps. What it forgot
-- before is here, where the site that was copied had it; what that one has forgotten is no matter.
update bondreplicate.replicate_position
set copied = coalesce(position, copied),
    copied_xid = coalesce(pg_snapshot_xmax(position), copied_xid, '3'::xid8),
    position = null, incarnation = null, proof = null, seen = '{}', missed = '{}',
    forgotten = null
