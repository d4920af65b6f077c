-- The rows of a table that were to be logged are.
update bondreplicate.replicate_tables set gap_stamp = null, gap_xid = null where id = %(id)s
