update bondreplicate.replicate_tables as t
set passed_over = array_remove(t.passed_over, %(site)s::smallint)
where t.id = %(tab)s and %(site)s::smallint = any (t.passed_over)
