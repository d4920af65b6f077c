select id, schema_name, table_name, enabled, active, reason, relid::bigint, shape
from bondreplicate.replicate_tables
