-- Which of two concurrent changes of a row stays: of replicated tables that have a policy other
-- than latest, and of those that are named (schema.table) in any case.
select
    t.schema_name || '.' || t.table_name as name,
    t.policy,
    t.priority,
    t.hook,
    bondreplicate.hook_made_of(t.hook) as made_of
from bondreplicate.replicate_tables as t
where t.active
    and (t.policy <> 'latest' or t.schema_name || '.' || t.table_name = any(%(names)s::text []))
