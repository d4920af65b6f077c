update bondreplicate.replicate_error
set undone_at = clock_timestamp(), undone_by = %(who)s::text || ' (role ' || session_user || ')'
where id = %(id)s::bigint
