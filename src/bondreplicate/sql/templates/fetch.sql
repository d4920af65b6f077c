-- One row as it is here now (null: there is none) and
-- the latest version remembered of it (null: forgotten).
create or replace function pg_temp.{function}(wanted text [])
returns table (vals text [], stamp timestamptz, site smallint, repair smallint, merged_into text [])
language plpgsql
as $fetch$
#variable_conflict use_variable
begin
    return query
    select (select {vals} from only {table} as t where {key_equal_w}),
        m.stamp, m.site, m.repair, m.merged_into
    from (select) as one
    left join lateral (
        select l.stamp, l.site, l.repair, l.merged_into
        from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.hash in ({hash_w}, {tab}) and (l.key is null or {key_equal_lw})
        order by l.stamp desc, l.site desc, l.repair desc
        limit 1
    ) as m on true;
end
$fetch$
