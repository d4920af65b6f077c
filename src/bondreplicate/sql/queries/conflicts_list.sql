-- The latest conflicts, without the rows.
select
    id,
    at,
    schema_name,
    table_name,
    key,
    kind,
    rule,
    outcome,
    winner_site,
    loser_site,
    undone_at,
    undone_by
from bondreplicate.replicate_error
where
    (%(table)s::text is null or schema_name || '.' || table_name = %(table)s::text)
    and at >= clock_timestamp() - make_interval(secs => %(age_s)s::double precision)
order by id desc
limit %(limit)s::bigint
