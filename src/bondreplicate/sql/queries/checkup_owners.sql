-- Tables and sequences of users that belong to somebody whose rights this role does not have.
select
    c.oid::regclass::text as name,
    c.relowner::regrole::text as owner,
    -- A sequence that belongs to a column goes to a new owner with its table.
    case when c.relkind = 'S' and t.oid is null then 'sequence ' else 'table ' end
    || coalesce(t.oid, c.oid)::regclass::text as owned_as
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
left join pg_depend as b
    on
        c.relkind = 'S' and b.classid = 'pg_class'::regclass and b.objid = c.oid
        and b.refclassid = 'pg_class'::regclass and b.refobjsubid > 0 and b.deptype in ('a', 'i')
left join pg_class as t on t.oid = b.refobjid
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
