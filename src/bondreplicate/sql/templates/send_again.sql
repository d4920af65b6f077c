-- Logs a row again with the version that it was sent with, so that
-- its state of now goes to the sites; also to those that have it.
insert into bondreplicate.replicate_log (
    xid, origin_xid, stamp, hash, tab, site, repair, source, part, key
)
select
    pg_current_xact_id(), pg_current_xact_id(), %(stamp)s::timestamptz, {hash}, {tab},
    %(site)s::smallint, %(repair)s::smallint, s.site, s.part, r.key
from bondreplicate.replicate_state as s
cross join (select %(key)s::text [] as key) as r
