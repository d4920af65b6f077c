-- The changes that have waited longest because they cannot be applied.
select
    source,
    schema_name || '.' || table_name as "table",
    key,
    gone,
    reason,
    tries,
    extract(epoch from clock_timestamp() - parked_at)::float8 as age_s
from bondreplicate.replicate_parked
order by parked_at
limit %(limit)s::bigint
