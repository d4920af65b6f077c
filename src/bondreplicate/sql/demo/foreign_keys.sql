-- Foreign keys of the user's tables: name, both tables, pairs of columns.
select
    c.conname as name,
    n.nspname as child_schema,
    r.relname as child_table,
    pn.nspname as parent_schema,
    p.relname as parent_table,
    array(
        select a.attname::text from unnest(c.conkey) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = c.conrelid and a.attnum = k.attnum order by k.place
    ) as child_columns,
    array(
        select a.attname::text from unnest(c.confkey) with ordinality as k (attnum, place)
        join pg_attribute as a on a.attrelid = c.confrelid and a.attnum = k.attnum order by k.place
    ) as parent_columns
from pg_constraint as c
join pg_class as r on r.oid = c.conrelid
join pg_namespace as n on n.oid = r.relnamespace
join pg_class as p on p.oid = c.confrelid
join pg_namespace as pn on pn.oid = p.relnamespace
where c.contype = 'f' and n.nspname <> 'bondreplicate'
order by 1
