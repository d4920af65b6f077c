-- Capture triggers of each table: how many work, and what shows whether somebody altered one.
select g.tgrelid::bigint as oid,
    (count(*) filter (where g.tgenabled = 'O'))::integer as triggers,
    string_agg(format('%s %s', g.oid, g.xmin), ', ' order by g.oid) as mark
from pg_trigger as g
join pg_proc as p on p.oid = g.tgfoid
join pg_namespace as n on n.oid = p.pronamespace and n.nspname = 'bondreplicate'
where not g.tgisinternal
group by g.tgrelid
