-- Another name for a table that was renamed; see tables_vacate.sql.
update bondreplicate.replicate_tables set schema_name = %(schema)s, table_name = %(table)s
where id = %(id)s
