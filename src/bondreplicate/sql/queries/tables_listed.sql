select id, schema_name, table_name, enabled, active, reason, relid::bigint, shape,
    key_numbers, key_operators
from bondreplicate.replicate_tables
