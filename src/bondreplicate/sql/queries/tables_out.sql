-- Notes that the user disabled a table, before its triggers are dropped.
update bondreplicate.replicate_tables as t
set reason = %(reason)s, lacks = (
    select coalesce(array_agg(h.site), '{}') from bondreplicate.replicate_hosts as h
)
where t.id = %(id)s and t.active
