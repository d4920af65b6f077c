-- A function that may decide between two changes of a row: its name as it is to be called, what it
-- returns, how volatile it is. No row: there is none with these arguments.
select format('%%I.%%I', n.nspname, p.proname) as name, p.prorettype::regtype::text as returns,
    p.provolatile::text as volatility, p.prokind::text as kind, p.proretset as many
from pg_proc as p
join pg_namespace as n on n.oid = p.pronamespace
where p.oid = to_regprocedure(%(name)s || '(text[],jsonb,jsonb,jsonb,jsonb)')
