-- The latest version remembered of some columns of a row.
create or replace function pg_temp.{function}(wanted text [], numbers smallint [])
returns table (stamp timestamptz, site smallint, repair smallint)
language plpgsql
as $latest$
#variable_conflict use_variable
begin
    return query
    select l.stamp, l.site, l.repair
    from bondreplicate.replicate_log as l
    where l.tab = {tab} and l.hash in ({hash_w}, {tab}) and (l.key is null or {key_equal_lw})
        and (l.changed is null or l.changed && numbers)
    order by l.stamp desc, l.site desc, l.repair desc
    limit 1;
end
$latest$
