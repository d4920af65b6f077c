-- This moment, and the oldest transaction that is open.
select bondreplicate.replicate_now() as stamp,
    pg_snapshot_xmin(pg_current_snapshot())::text as xid
