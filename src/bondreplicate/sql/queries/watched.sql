select coalesce(watched_stamp, '2000-01-01 00:00:00+00') as stamp,
    coalesce(watched_xid, '0')::text as xid
from bondreplicate.replicate_clock
