-- Keeps others from undoing the same conflict.
select e.id from bondreplicate.replicate_error as e where e.id = %(id)s::bigint for update
