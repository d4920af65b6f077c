-- Rows that were written while the table had no triggers, all or those of transactions from `since`
-- on, with a stamp of old. Those too of which another state waits: without a version they would
-- give way to it without a word, also where it is older. A row has only half of the number of its
-- transaction: the latest that it can be is taken.
insert into bondreplicate.replicate_log (xid, origin_xid, stamp, hash, tab, site, source, part, key)
select pg_current_xact_id(), pg_current_xact_id(), {stamp}, {hash_row}, {tab},
    s.site, s.site, s.part, {key_row}
from bondreplicate.replicate_state as s
cross join (
    select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as xid, {since}::bigint as since
) as n
cross join only {table} as r
where n.since = 0 or n.xid - n.since >= 4294967296
    or n.xid - ((n.xid - r.xmin::text::bigint) % 4294967296 + 4294967296) % 4294967296 >= n.since
