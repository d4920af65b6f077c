-- In a copy: every other site is asked again for everything that it still keeps.
update bondreplicate.replicate_position
set copied_xid = coalesce(pg_snapshot_xmax(position), '3'::xid8),
    position = null, incarnation = null, seen = '{}'
