-- The rows of one table that are unsent, by a plan that the session keeps: for batches of a usual
-- size. All of them are there before the first is sent.
create or replace function pg_temp.{function}(since pg_snapshot)
returns table (
    tab integer, key text [], xid xid8, stamp timestamptz, site smallint, repair smallint,
    gone boolean, merged_into text [], vals text [], source smallint, cells jsonb, counters jsonb
)
language plpgsql
as $extract$
#variable_conflict use_column
begin
    return query
    {rows};
    perform pg_temp.{extracted}();
end
$extract$
