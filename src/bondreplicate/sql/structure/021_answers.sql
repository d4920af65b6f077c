-- Two sites that ask the hook of a table may get two answers: each is told. Alike, they are one.
drop index bondreplicate.replicate_error_once;
create unique index replicate_error_once on bondreplicate.replicate_error (
    schema_name, table_name, bondreplicate.key_digest(key), kind, loser_stamp, loser_site,
    loser_repair, winner_stamp, winner_site, winner_repair, bondreplicate.key_digest(
        case when rule like 'what % made of both stays' then winner_row end
    )
) nulls not distinct;
