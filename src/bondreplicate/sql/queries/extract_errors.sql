-- Conflicts found here since a position, in the shape of the stage; see functions/take_errors.sql.
select 0, null::text [], e.xid, e.at, e.source, 0, false, null::text [], array[
    e.at::text, e.schema_name::text, e.table_name::text, e.key::text,
    e.kind, e.rule, e.outcome, e.columns::text,
    e.winner_stamp::text, e.winner_site::text, e.winner_repair::text,
    e.winner_key::text, e.winner_row::text,
    e.loser_stamp::text, e.loser_site::text, e.loser_repair::text,
    e.loser_row::text, e.constraint_name::text
], null::smallint, null::jsonb, null::jsonb
from bondreplicate.replicate_error as e
where e.source = {me} and e.xid >= pg_snapshot_xmin({since})
    and not pg_visible_in_snapshot(e.xid, {since})
