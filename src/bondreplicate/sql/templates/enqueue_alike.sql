-- Rows that their old key does not tell apart, as written now.
insert into bondreplicate.replicate_log (xid, stamp, hash, tab, site, source, part, key)
select pg_current_xact_id(), bondreplicate.replicate_now(), {hash_row}, {tab},
    s.site, s.site, s.part, {key_row}
from bondreplicate.replicate_state as s
cross join only {table} as r
where {none} or exists (select from only {table} as t where t.ctid <> r.ctid and {alike})
