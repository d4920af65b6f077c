-- Replicated tables that have pages, so most likely rows: what is there at the first start.
select format('%s.%s', t.schema_name, t.table_name) as name
from bondreplicate.replicate_tables as t
where t.active and pg_relation_size(t.relid) > 0
order by t.schema_name, t.table_name
