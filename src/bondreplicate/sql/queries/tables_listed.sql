-- unmerged: entries of the log, or changes that wait, name single columns, so that the table has to
-- be merged by column until they are everywhere.
select t.id, t.schema_name, t.table_name, t.enabled, t.active, t.reason, t.relid::bigint, t.shape,
    t.key_numbers, t.key_operators, t.key_types, t.owed, t.gap_stamp, t.gap_xid::text, t.triggers,
    t.resolve, t.merges, t.policy, t.priority, t.hook,
    bondreplicate.hook_made_of(t.hook) as made_of,
    t.counters::text [] as counters, t.counted::text [] as counted,
    t.counters_begun,
    t.id in (select u.id from bondreplicate.unmerged_tables() as u (id)) as unmerged
from bondreplicate.replicate_tables as t
