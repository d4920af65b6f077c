-- Notes that up to a moment ago all capture triggers were as they were made; not every second.
update bondreplicate.replicate_clock
set watched_stamp = %(stamp)s::timestamptz, watched_xid = %(xid)s::text::xid8
where watched_stamp is null or watched_stamp < %(stamp)s::timestamptz - interval '10 seconds'
