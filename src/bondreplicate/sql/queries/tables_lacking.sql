-- Tables that were disabled at this site, and of which another one is still to send every row; and
-- since when they are back.
select t.schema_name::text, t.table_name::text, case
    when t.reason ~ '^disabled in replicate_tables' then 'infinity'
    else coalesce(t.back_at, 'infinity')
end::text as back_at
from bondreplicate.replicate_tables as t
where t.enabled and %(site)s::smallint = any (t.lacks)
