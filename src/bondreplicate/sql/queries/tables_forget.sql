update bondreplicate.replicate_tables
set active = false, reason = %(reason)s, relid = null, shape = null where id = %(id)s
