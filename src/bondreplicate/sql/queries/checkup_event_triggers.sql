-- Event triggers that fire on what bondreplicate creates and drops, and whose function finds names
-- by the search_path of whoever calls it: our sessions have none.
select quote_ident(e.evtname) as name, p.oid::regprocedure::text as function
from pg_event_trigger as e
join pg_proc as p on p.oid = e.evtfoid
join pg_language as l on l.oid = p.prolang
where e.evtenabled in ('A', 'R')
    and e.evtevent in ('ddl_command_start', 'ddl_command_end', 'sql_drop')
    and l.lanname not in ('c', 'internal')
    and not exists (
        select from unnest(p.proconfig) as s (setting) where s.setting like 'search\_path=%'
    )
order by 1
