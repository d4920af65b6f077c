-- A table is released, and nobody waits for changes of before. What is written while it is not
-- captured is known by its transaction, as long as the user did not disable the table.
update bondreplicate.replicate_tables
set owed = false, triggers = null, gap_stamp = %(stamp)s::timestamptz,
    gap_xid = %(xid)s::text::xid8
where id = %(id)s
