with counters as (
    delete from bondreplicate.replicate_counter where tab = %(id)s
)
update bondreplicate.replicate_tables
set active = false, owed = false, reason = %(reason)s, relid = null, shape = null where id = %(id)s
