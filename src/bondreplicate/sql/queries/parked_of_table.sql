-- Changes of a table that wait here because they cannot be applied yet, from any site.
select
    count(*) as parked,
    min(reason) as reason
from bondreplicate.replicate_parked
where schema_name = %(schema)s and table_name = %(table)s
