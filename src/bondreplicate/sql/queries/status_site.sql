-- This site, in one row.
select
    s.site,
    s.maxsites,
    current_database() as database,
    current_setting('server_version') as server_version,
    (select max(number) from bondreplicate.replicate_structure) as structure,
    clock_timestamp() as at,
    s.went_down_at,
    s.unsent_when_down,
    (select count(*) from bondreplicate.replicate_log) as log_entries,
    (
        select sum(pg_total_relation_size(i.inhrelid))::bigint
        from pg_inherits as i
        where i.inhparent = 'bondreplicate.replicate_log'::regclass
    ) as log_bytes,
    (select count(*) from bondreplicate.replicate_parked) as parked
from bondreplicate.replicate_state as s
