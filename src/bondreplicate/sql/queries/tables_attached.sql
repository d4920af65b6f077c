-- Notes of a table that its triggers are made, and which of its rows are still to be logged. One that
-- was `out`, disabled here, sends them all, with the stamp of one that was: nothing is to be made up
-- for other sites beside that, as if it were later.
update bondreplicate.replicate_tables as t
set passed_over = case when %(out)s::boolean then '{}' else t.passed_over end,
    owed = false, gap_stamp = %(stamp)s::timestamptz, gap_xid = %(xid)s::text::xid8,
    triggers = (
        select string_agg(format('%%s %%s', g.oid, g.xmin), ', ' order by g.oid)
        from pg_trigger as g
        join pg_proc as p on p.oid = g.tgfoid
        join pg_namespace as n on n.oid = p.pronamespace and n.nspname = 'bondreplicate'
        where g.tgrelid = t.relid and not g.tgisinternal
    )
where t.id = %(id)s
