-- As seen.sql, for a table that is merged by column: whether the origin had seen all of a row that
-- is remembered here.
create or replace function pg_temp.{function}(
    wanted text [], origin smallint, me smallint, vector jsonb
)
returns boolean
language plpgsql
as $seen$
#variable_conflict use_variable
begin
    return coalesce((
        select bool_and(l.source = origin or pg_visible_in_snapshot(
            case when l.source = me then l.xid else l.origin_xid end,
            bondreplicate.position_in(vector, l.source)
        ))
        from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.hash in ({hash_w}, {tab}) and (l.key is null or {key_equal_lw})
    ), true);
end
$seen$
