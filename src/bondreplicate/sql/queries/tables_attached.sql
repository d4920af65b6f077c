-- Notes of a table that its triggers are made, and which of its rows are still to be logged. Where
-- it was `out`, disabled here, that is all of them, with the stamp of rows that were out: nothing
-- is to be made up for other sites beside that, as if it were later.
update bondreplicate.replicate_tables as t
set passed_over = case when %(out)s::boolean then '{}' else t.passed_over end,
    back_at = case when %(out)s::boolean then bondreplicate.replicate_now() else t.back_at end,
    owed = false, gap_stamp = %(stamp)s::timestamptz, gap_xid = %(xid)s::text::xid8,
    triggers = (
        select string_agg(format('%%s %%s', g.oid, g.xmin), ', ' order by g.oid)
        from pg_trigger as g
        join pg_proc as p on p.oid = g.tgfoid
        join pg_namespace as n on n.oid = p.pronamespace and n.nspname = 'bondreplicate'
        where g.tgrelid = t.relid and not g.tgisinternal
    )
where t.id = %(id)s
