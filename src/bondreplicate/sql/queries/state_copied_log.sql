-- In a copy: what the other site had logged for sending
-- is, here, the memory of changes that came from it.
update bondreplicate.replicate_log
set origin_xid = coalesce(origin_xid, xid), xid = pg_current_xact_id()
