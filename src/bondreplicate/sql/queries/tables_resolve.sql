-- How a table is merged, as users wish it; the daemon follows.
update bondreplicate.replicate_tables
set resolve = %(resolve)s
where id = %(id)s::integer
