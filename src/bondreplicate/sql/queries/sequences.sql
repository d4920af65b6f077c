-- Every sequence of the users, where it is and what is recorded of it. One without an oid is a
-- record whose sequence is gone or has another name now. Temporary sequences are private to a
-- session, and those of an extension are the extension's own business.
-- Parameter: oid, null for all of them.
with here as (
    select
        c.oid,
        n.nspname,
        c.relname,
        c.relowner,
        s.seqincrement,
        s.seqmin,
        s.seqmax,
        s.seqstart,
        s.seqcycle,
        s.seqcache
    from pg_catalog.pg_sequence s
    join pg_catalog.pg_class c on c.oid = s.seqrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relpersistence <> 't'
        and n.nspname !~ '^pg_'
        and n.nspname not in ('information_schema', 'bondreplicate')
        and not exists (
            select from pg_catalog.pg_depend d
            where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
                and d.objid = c.oid
                and d.deptype = 'e'
        )
        and (%(oid)s::bigint is null or c.oid = %(oid)s::bigint::oid)
),
fitting as (
    select f.sequence_oid, max(f.low) as low, min(f.high) as high
    from bondreplicate.sequence_columns(array(select h.oid from here h)) f
    group by f.sequence_oid
)
select
    h.oid::bigint as oid,
    coalesce(h.nspname, r.schema_name)::text as schema_name,
    coalesce(h.relname, r.sequence_name)::text as sequence_name,
    pg_catalog.pg_get_userbyid(h.relowner)::text as owner,
    pg_catalog.pg_has_role(h.relowner, 'usage') as may_alter,
    case
        when b.owner_as is not null then b.owner_as
        when h.oid is not null
        then pg_catalog.format('sequence %%I.%%I', h.nspname, h.relname)
    end as owned_as,
    h.seqincrement as increment,
    h.seqmin as minimum,
    h.seqmax as maximum,
    h.seqstart as start,
    h.seqcycle as cycle,
    h.seqcache as cache,
    p.last_value,
    p.is_called,
    w.low,
    w.high,
    r.original,
    r.aligned,
    r.reason
from here h
full join bondreplicate.replicate_sequence r
    on r.schema_name = h.nspname and r.sequence_name = h.relname
left join lateral bondreplicate.sequence_state(h.nspname, h.relname) p on h.oid is not null
left join lateral (
    -- PostgreSQL gives a sequence that belongs to a column to the owner of the table only.
    select pg_catalog.format('table %%I.%%I', n.nspname, t.relname) as owner_as
    from pg_catalog.pg_depend d
    join pg_catalog.pg_class t on t.oid = d.refobjid
    join pg_catalog.pg_namespace n on n.oid = t.relnamespace
    where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        and d.objid = h.oid
        and d.deptype in ('a', 'i')
        and d.refobjsubid > 0
    limit 1
) b on h.oid is not null
left join fitting w on w.sequence_oid = h.oid
where %(oid)s::bigint is null
    or coalesce(h.oid::bigint, (r.aligned ->> 'oid')::bigint) = %(oid)s::bigint
order by 2, 3
