-- Lists a table, or changes its row; returns its id.
insert into bondreplicate.replicate_tables as t (
    schema_name, table_name, active, reason, key_columns, columns, relid, shape,
    key_numbers, key_operators
)
values (
    %(schema)s, %(table)s, %(active)s, %(reason)s, %(key)s::name [], %(columns)s::name [],
    %(relid)s, %(shape)s, %(key_numbers)s::smallint [], %(key_operators)s::text []
)
on conflict (schema_name, table_name) do update
set active = excluded.active, reason = excluded.reason, key_columns = excluded.key_columns,
    columns = excluded.columns, relid = excluded.relid, shape = excluded.shape,
    key_numbers = excluded.key_numbers, key_operators = excluded.key_operators
returning id
