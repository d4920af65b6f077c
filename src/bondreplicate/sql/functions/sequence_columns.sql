-- Which integer columns sequences fill, and what they can hold.
-- Parameters: seqs, the sequences, all at once: the daemon asks every two seconds.
-- Returns: a row per column that owns one (serial, identity) or has it in its default. A text
--     column ('INV-' || nextval(...)) holds anything and is left out; so are partitions, whose
--     rows are seen through their root.
-- Reads: pg_depend, pg_attrdef, pg_attribute. Writes: nothing.
create or replace function bondreplicate.sequence_columns(seqs oid[])
returns table (sequence_oid oid, table_oid oid, column_name name, low bigint, high bigint)
language sql stable
set search_path = ''
as $$
    with filled (sequence_oid, relid, attnum) as (
        select d.objid, d.refobjid, d.refobjsubid
        from pg_catalog.pg_depend d
        where d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.objid = any (seqs)
            and d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.refobjsubid > 0
            and d.deptype in ('a', 'i')
        union
        select d.refobjid, a.adrelid, a.adnum
        from pg_catalog.pg_depend d
        join pg_catalog.pg_attrdef a on a.oid = d.objid
        where d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
            and d.refobjid = any (seqs)
            and d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
    )
    select
        f.sequence_oid,
        c.oid,
        a.attname,
        case k.type when 'int2' then -32768 when 'int4' then -2147483648
            else -9223372036854775808 end,
        case k.type when 'int2' then 32767 when 'int4' then 2147483647
            else 9223372036854775807 end
    from filled f
    join pg_catalog.pg_class c on c.oid = f.relid
    join pg_catalog.pg_attribute a on a.attrelid = f.relid and a.attnum = f.attnum
    join pg_catalog.pg_type t on t.oid = a.atttypid
    left join pg_catalog.pg_type b on b.oid = t.typbasetype
    cross join lateral (select coalesce(b.typname, t.typname)::text) k (type)
    where k.type in ('int2', 'int4', 'int8', 'numeric')
        and c.relkind in ('r', 'p')
        and not c.relispartition
$$;
comment on function bondreplicate.sequence_columns(oid[]) is
'integer columns that sequences fill, and what they can hold';
