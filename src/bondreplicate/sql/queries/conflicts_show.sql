-- One conflict with both rows.
select
    id,
    source,
    at,
    schema_name,
    table_name,
    key,
    kind,
    rule,
    outcome,
    columns::text [] as columns,
    winner_stamp,
    winner_site,
    winner_repair,
    winner_key,
    winner_row,
    loser_stamp,
    loser_site,
    loser_repair,
    loser_row,
    constraint_name,
    undone_at,
    undone_by
from bondreplicate.replicate_error
where id = %(id)s::bigint
