-- Whether the origin had seen, by the vector of its batch, the latest version of a row here. What
-- is forgotten here everybody has seen.
create or replace function pg_temp.{function}(
    wanted text [], origin smallint, me smallint, vector jsonb
)
returns boolean
language plpgsql
as $seen$
#variable_conflict use_variable
begin
    return coalesce((
        select l.source = origin or pg_visible_in_snapshot(
            case when l.source = me then l.xid else l.origin_xid end,
            bondreplicate.position_in(vector, l.source)
        )
        from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.hash in ({hash_w}, {tab}) and (l.key is null or {key_equal_lw})
        order by l.stamp desc, l.site desc, l.repair desc
        limit 1
    ), true);
end
$seen$
