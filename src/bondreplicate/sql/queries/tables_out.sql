-- Notes that the user disabled a table, before its triggers are dropped.
update bondreplicate.replicate_tables set reason = %(reason)s where id = %(id)s and active
