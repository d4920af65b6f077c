-- List the tables that are there, so that people can leave some out before bondreplicate first
-- runs; from then on it keeps the list.
insert into bondreplicate.replicate_tables (schema_name, table_name, reason)
select n.nspname, c.relname, 'bondreplicate has not run here yet'
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'p', 'f') and c.relpersistence <> 't' and c.oid >= 16384
    and n.nspname not in ('bondreplicate', 'information_schema') and n.nspname !~ '^pg_'
    and not exists (
        select from pg_depend as d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
    and not exists (select from bondreplicate.replicate_state as s where s.site is not null)
order by n.nspname, c.relname
on conflict do nothing;
