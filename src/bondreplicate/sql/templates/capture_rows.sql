-- Part of the trigger functions: an entry of the log for each row of a transition table, all with
-- one stamp, which replicate_now() would give as well, but for each row.
insert into bondreplicate.replicate_log (xid, stamp, hash, tab, site, source, part, key)
with s as materialized (
    select site, part, greatest(
        clock_timestamp(), floor + greatest(clock_timestamp() - floored_at, '0') / 2
    ) as stamp
    from bondreplicate.replicate_state
)
select pg_current_xact_id(), s.stamp, {hash_row}, {tab}, s.site, s.site, s.part, {key_row}
from s cross join {rows} as r;
