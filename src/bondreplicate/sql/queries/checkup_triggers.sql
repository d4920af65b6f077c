-- Triggers that fire while changes of others are applied, and whose function finds names by the
-- search_path of whoever calls it: the session that applies has none.
select format('%I on %I.%I', g.tgname, n.nspname, c.relname) as name,
    p.oid::regprocedure::text as function
from pg_trigger as g
join pg_class as c on c.oid = g.tgrelid
join pg_namespace as n on n.oid = c.relnamespace
join bondreplicate.replicate_tables as t
    on t.schema_name = n.nspname and t.table_name = c.relname and t.active
join pg_proc as p on p.oid = g.tgfoid
join pg_language as l on l.oid = p.prolang
where g.tgenabled in ('A', 'R') and not g.tgisinternal and l.lanname not in ('c', 'internal')
    and not exists (
        select from unnest(p.proconfig) as s (setting) where s.setting like 'search\_path=%'
    )
order by 1
