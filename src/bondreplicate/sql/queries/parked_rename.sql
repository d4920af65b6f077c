-- Changes of an origin that wait here take the names that their tables have there now, all at once,
-- because tables may have taken one another's names (the sort lets all go before the first comes
-- back). Where a later change of the row waits under the new name, that one stays.
with renamed as (
    delete from bondreplicate.replicate_parked as p
    using pg_temp.bond_shape as c
    where p.source = %(origin)s and c.origin_tab = p.origin_tab
        and (p.schema_name, p.table_name) <> (c.schema_name, c.table_name)
    returning p.*, c.schema_name as new_schema, c.table_name as new_table
)
insert into bondreplicate.replicate_parked (
    source, schema_name, table_name, origin_tab, layout, columns, key, key_columns, key_numbers,
    hash, xid, maker, stamp, site, repair, gone, vals, merged_into, seen, again, cells, reason,
    parked_at, tries, tried_by
)
select r.source, r.new_schema, r.new_table, r.origin_tab, r.layout, r.columns, r.key,
    r.key_columns, r.key_numbers, r.hash, r.xid, r.maker, r.stamp, r.site, r.repair, r.gone,
    r.vals, r.merged_into, r.seen, r.again, r.cells, r.reason, r.parked_at, r.tries, r.tried_by
from renamed as r
order by r.parked_at
on conflict (source, schema_name, table_name, bondreplicate.key_digest(key), key_columns)
do nothing
