select id, schema_name, table_name, enabled, active, reason, relid::bigint, shape,
    key_numbers, key_operators, key_types, owed, gap_stamp, gap_xid::text, triggers
from bondreplicate.replicate_tables
