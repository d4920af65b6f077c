-- Notes of a table that its triggers are made, and which of its rows are still to be logged.
update bondreplicate.replicate_tables as t
set owed = false, gap_stamp = %(stamp)s::timestamptz, gap_xid = %(xid)s::text::xid8,
    triggers = (
        select string_agg(format('%%s %%s', g.oid, g.xmin), ', ' order by g.oid)
        from pg_trigger as g
        join pg_proc as p on p.oid = g.tgfoid
        join pg_namespace as n on n.oid = p.pronamespace and n.nspname = 'bondreplicate'
        where g.tgrelid = t.relid and not g.tgisinternal
    )
where t.id = %(id)s
