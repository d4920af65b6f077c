-- Rows that were written before the table had its triggers, with
-- a stamp of old; but not those of which a newer state waits.
insert into bondreplicate.replicate_log (xid, origin_xid, stamp, hash, tab, site, source, part, key)
select pg_current_xact_id(), pg_current_xact_id(), {stamp}, {hash_row}, {tab},
    s.site, s.site, s.part, {key_row}
from bondreplicate.replicate_state as s
cross join only {table} as r
where not exists (
    select from bondreplicate.replicate_parked as p
    where p.schema_name = {schema_name} and p.table_name = {table_name} and p.key = {key_row}
)
