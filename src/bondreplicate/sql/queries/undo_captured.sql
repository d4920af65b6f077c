-- Whether the transaction so far has logged a change of a table.
select exists (
    select from bondreplicate.replicate_log as l
    where l.tab = %(tab)s and l.xid = pg_current_xact_id()
)
