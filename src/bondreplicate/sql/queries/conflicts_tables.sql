-- Tables that had a conflict; some may be gone.
select
    schema_name,
    table_name
from bondreplicate.replicate_error
group by schema_name, table_name
order by schema_name, table_name
