select t.id from bondreplicate.replicate_tables as t
where t.active and %(site)s::smallint = any (t.passed_over)
