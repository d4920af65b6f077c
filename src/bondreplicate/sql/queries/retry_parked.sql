-- Changes that wait at a site because they cannot be applied, the longest first, and how many
-- batches of the site that sent them were applied here. source: of one site only; null: of all.
select
    k.source,
    k.schema_name,
    k.table_name,
    k.key,
    k.reason,
    k.tries,
    extract(epoch from clock_timestamp() - k.parked_at)::float8 as age_s,
    coalesce(p.batches, 0) as batches
from bondreplicate.replicate_parked as k
left join bondreplicate.replicate_position as p on p.site = k.source
where %(source)s::smallint is null or k.source = %(source)s::smallint
order by k.parked_at
