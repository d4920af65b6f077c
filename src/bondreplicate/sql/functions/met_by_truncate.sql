-- Rows that a staged TRUNCATE meets, changed without its origin having seen it: of each the latest
-- such change, and whether that is later than the TRUNCATE and stays. Only what is told here: see
-- is_told(). What was changed once more by one whose change the origin had seen is not among them,
-- but for single columns.
create or replace function bondreplicate.met_by_truncate(
    origin smallint, me smallint, wanted_tab integer, batch_seen jsonb
)
returns table (
    key text [], hash bigint, stamp timestamptz, site smallint, repair smallint, stays boolean,
    s_stamp timestamptz, s_site smallint, s_repair smallint
)
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
begin
    return query
    with cut as materialized (
        select s.stamp, s.site, s.repair, s.source as maker, s.xid, v.vector,
            coalesce(s.via, origin) as teller, bondreplicate.position_in(v.vector, me) as of_me
        from pg_temp.bond_stage as s
        cross join lateral (select coalesce(s.seen, batch_seen)) as v (vector)
        where s.tab = wanted_tab and s.key is null
        order by s.stamp desc, s.site desc, s.repair desc limit 1
    ),
    unseen as materialized (
        select distinct on (l.key) l.key, l.hash, l.stamp, l.site, l.repair, l.source
        from bondreplicate.replicate_log as l cross join cut as s
        where l.tab = wanted_tab and l.key is not null and l.source <> s.teller and case
                when l.source = me then not pg_visible_in_snapshot(l.xid, s.of_me)
                else not pg_visible_in_snapshot(
                    l.origin_xid, bondreplicate.position_in(s.vector, l.source)
                )
            end
        order by l.key, l.stamp desc, l.site desc, l.repair desc
    )
    select u.key, u.hash, u.stamp, u.site, u.repair, v.stays, s.stamp, s.site, s.repair
    from unseen as u cross join cut as s
    cross join lateral (
        select (u.stamp, u.site, u.repair) > (s.stamp, s.site, s.repair)
    ) as v (stays)
    where bondreplicate.is_told(me, u.source, v.stays, s.maker, s.xid) and (
        not exists (
            select from bondreplicate.replicate_log as n
            where n.tab = wanted_tab and n.hash = u.hash and n.key = u.key
                and (n.stamp, n.site, n.repair) > (u.stamp, u.site, u.repair)
        )
        or (select c.by_column from pg_temp.bond_shape as c where c.tab = wanted_tab)
    );
end
$$;
comment on function bondreplicate.met_by_truncate(smallint, smallint, integer, jsonb) is
'rows that a staged TRUNCATE meets, its origin not having seen them';
