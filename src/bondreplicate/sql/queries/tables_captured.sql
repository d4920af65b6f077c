-- Working capture triggers of each table.
select g.tgrelid::bigint as oid, count(*)::integer as triggers
from pg_trigger as g
join pg_proc as p on p.oid = g.tgfoid
join pg_namespace as n on n.oid = p.pronamespace and n.nspname = 'bondreplicate'
where g.tgenabled = 'O' and not g.tgisinternal
group by g.tgrelid
