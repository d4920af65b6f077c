-- The user's switch of a table; the daemon follows it.
update bondreplicate.replicate_tables
set enabled = %(enabled)s::boolean
where id = %(id)s::integer
