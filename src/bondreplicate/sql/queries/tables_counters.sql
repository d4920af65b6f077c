-- Which columns of a table add up, as users wish it; the daemon follows.
update bondreplicate.replicate_tables
set counters = %(counters)s::name []
where id = %(id)s::integer
