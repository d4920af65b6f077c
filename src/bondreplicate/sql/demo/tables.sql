-- The user's tables, in order.
select n.nspname as schema_name, c.relname as table_name
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where
    c.relkind = 'r'
    and c.relpersistence = 'p'
    and n.nspname not in ('pg_catalog', 'information_schema', 'bondreplicate')
order by 1, 2
