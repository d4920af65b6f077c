-- In a copy: columns have other numbers than in the database that was copied, where some had been
-- dropped there.
update bondreplicate.replicate_log as l
set
    changed = array(
        select a.attnum
        from unnest(t.columns, t.column_numbers) as c (name, number)
        inner join pg_catalog.pg_attribute as a
            on
                a.attname = c.name
                and a.attrelid = to_regclass(format('%%I.%%I', t.schema_name, t.table_name))
        where c.number = any(l.changed)
    )
from bondreplicate.replicate_tables as t
where t.id = l.tab and l.changed is not null
