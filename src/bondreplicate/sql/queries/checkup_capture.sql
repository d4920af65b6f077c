-- Replicated tables that lack capture triggers, or whose triggers somebody has disabled.
select r.schema_name || '.' || r.table_name as "table"
from bondreplicate.replicate_tables as r
left join pg_namespace as n on n.nspname = r.schema_name
left join pg_class as c on c.relnamespace = n.oid and c.relname = r.table_name
left join pg_trigger as g on
    g.tgrelid = c.oid and g.tgname ~ '^bondreplicate_(insert|update|delete|truncate)$'
    and g.tgenabled in ('O', 'A')
where r.active
group by r.schema_name, r.table_name
having count(g.oid) < 4
order by r.schema_name, r.table_name
