update bondreplicate.replicate_tables as t
set passed_over = array_append(t.passed_over, %(site)s::smallint)
where t.id = any (%(tabs)s::integer []) and not %(site)s::smallint = any (t.passed_over)
