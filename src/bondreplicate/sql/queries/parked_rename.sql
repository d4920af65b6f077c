-- Changes of an origin that wait here take the names that their tables have there now, all at once,
-- because tables may have taken one another's names (the sort lets all go before the first comes
-- back). Where a later change of the row waits under the new name, that one stays. Nothing else
-- about them changes, whatever columns there will be.
with renamed as (
    delete from bondreplicate.replicate_parked as p
    using pg_temp.bond_shape as c
    where p.source = %(origin)s and c.origin_tab = p.origin_tab
        and (p.schema_name, p.table_name) <> (c.schema_name, c.table_name)
    returning p as former, p.parked_at, jsonb_build_object(
        'schema_name', c.schema_name, 'table_name', c.table_name
    ) as names
)
insert into bondreplicate.replicate_parked
select n.*
from renamed as r
cross join lateral jsonb_populate_record(r.former, r.names) as n
order by r.parked_at
on conflict (source, schema_name, table_name, bondreplicate.key_digest(key), key_columns)
do nothing
