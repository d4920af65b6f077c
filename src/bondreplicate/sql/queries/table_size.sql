-- Bytes of a table's rows.
select pg_table_size(%(oid)s::oid) as bytes
