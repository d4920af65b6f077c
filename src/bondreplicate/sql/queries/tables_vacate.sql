-- Frees names before tables get them: tables may have swapped theirs, or
-- have taken that of a table that was dropped, whose row goes.
with gone as (
    delete from bondreplicate.replicate_tables as t
    where
        t.schema_name = %(schema)s and t.table_name = %(table)s
        and t.id <> all (%(renamed)s::integer [])
)
update bondreplicate.replicate_tables as t
set table_name = 'renamed ' || t.id
where t.id = %(id)s
