select distinct p.schema_name, p.table_name
from bondreplicate.replicate_parked as p
