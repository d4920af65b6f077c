-- Tables and sequences of users that belong to somebody whose rights this role does not have.
select
    c.oid::regclass::text as name,
    c.relowner::regrole::text as owner
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where
    c.relkind in ('r', 'p', 'S')
    and c.relpersistence <> 't'
    and n.nspname not in ('bondreplicate', 'information_schema')
    and n.nspname !~ '^pg_'
    and not pg_has_role(c.relowner, 'USAGE')
    and not exists (
        select from pg_depend as d
        where d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
    )
order by 1
