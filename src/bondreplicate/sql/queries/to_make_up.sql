-- Tables of which a site needs every row: it was not sent all changes while it had them disabled,
-- or lacks what others have. Those that have come back here later than there are sent already, with
-- the stamp of rows that were out.
select t.id
from bondreplicate.replicate_tables as t
left join
    unnest(%(schemas)s::text [], %(names)s::text [], %(back_at)s::timestamptz [])
    as n (a_schema, a_name, back_at)
    on t.schema_name = n.a_schema and t.table_name = n.a_name
where t.active and (
    %(site)s::smallint = any (t.passed_over)
    or n.a_name is not null and not coalesce(t.back_at > n.back_at, false)
)
