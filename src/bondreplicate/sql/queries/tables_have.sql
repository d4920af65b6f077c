-- A site sends every row of a table, and has noted that.
update bondreplicate.replicate_tables as t
set lacks = array_remove(t.lacks, %(site)s::smallint)
where t.enabled and t.schema_name = %(schema)s and t.table_name = %(table)s
