-- Which of two concurrent changes of a row stays, as users wish it; the daemon follows.
update bondreplicate.replicate_tables
set policy = %(policy)s, priority = %(priority)s::smallint [], hook = %(hook)s
where id = %(id)s::integer
