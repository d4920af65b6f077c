-- Where replicate_error ends.
select coalesce(max(e.id), 0) as id from bondreplicate.replicate_error as e
