-- Lists a table, or changes its row; returns its id.
insert into bondreplicate.replicate_tables as t (
    schema_name, table_name, active, reason, key_columns, columns, relid, shape
)
values (
    %(schema)s, %(table)s, %(active)s, %(reason)s, %(key)s::name [], %(columns)s::name [],
    %(relid)s, %(shape)s
)
on conflict (schema_name, table_name) do update
set active = excluded.active, reason = excluded.reason, key_columns = excluded.key_columns,
    columns = excluded.columns, relid = excluded.relid, shape = excluded.shape
returning id
