-- Every table of the database: replicated, or why not.
select
    id,
    schema_name,
    table_name,
    enabled,
    active,
    reason,
    key_columns::text [] as key_columns,
    columns::text [] as columns,
    resolve,
    merges,
    policy,
    priority,
    hook,
    bondreplicate.hook_made_of(hook) as made_of,
    counters::text [] as counters,
    counted::text [] as counted,
    counters_begun
from bondreplicate.replicate_tables
order by schema_name, table_name
