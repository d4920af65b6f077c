-- Incoming rows of one table that is merged by column, against what is remembered here: lays both
-- side by side for contest_columns(), which decides. Returns conflicts logged.
create or replace function pg_temp.{function}(origin smallint, me smallint, batch_seen jsonb)
returns integer
language plpgsql
as $contest$
#variable_conflict use_variable
begin
    -- A row may stand at the origin with the version of a delete made here: see contest_stage().
    -- Where it is not here, it comes as a repair just above.
    update pg_temp.bond_stage as s set cells = (
        select jsonb_agg(case when l.own is null then e.cell else e.cell || jsonb_build_object(
                'repair', (e.cell ->> 'repair')::integer + 1, 'mine', true
            ) end order by e.nth)
        from jsonb_array_elements(s.cells) with ordinality as e (cell, nth)
        left join lateral (
            select true as own
            from jsonb_to_record(e.cell) as v (
                stamp timestamptz, site smallint, repair smallint, source smallint, xid xid8
            )
            join bondreplicate.replicate_log as o on o.xid = v.xid and o.tab = {tab}
                and o.key = s.key and o.changed is null
                and (o.stamp, o.site, o.repair) = (v.stamp, v.site, v.repair)
            where v.source = me
            limit 1
        ) as l on true
    )
    where s.tab = {tab} and not s.mine and not s.gone
        and s.cells @> jsonb_build_array(jsonb_build_object('c', null, 'source', me))
        and not exists (select from only {table} as t where {key_equal_s});
    perform bondreplicate.pass_own_cells(me, {tab});
    delete from pg_temp.bond_met;
    -- Of entries that wrote the same columns, the latest; `all`: it wrote all of them.
    insert into pg_temp.bond_met (place, gone, vals, cells, here, known, waited)
    select s.ctid, s.gone, s.vals, bondreplicate.cells_or_one(
            s.cells, s.stamp, s.site, s.repair, s.source, s.xid
        ), {vals_or_null}, m.known, s.seen is not null
    from pg_temp.bond_stage as s
    left join only {table} as t on {key_equal_s}
    left join lateral (
        select jsonb_agg(jsonb_build_object(
            'all', e.changed is null, 'numbers', e.changed, 'stamp', e.stamp, 'site', e.site,
            'repair', e.repair, 'seen', e.seen
        ) order by e.stamp desc, e.site desc, e.repair desc) as known
        from (
            select distinct on (l.changed) l.changed, l.stamp, l.site, l.repair,
                l.source = coalesce(s.via, origin)
                or not exists (
                    select from pg_temp.bond_aside as a
                    where s.via is null and a.tab = {tab} and a.key = s.key
                )
                and case
                    when l.source = me then pg_visible_in_snapshot(
                        l.xid, bondreplicate.position_in(coalesce(s.seen, batch_seen), me)
                    )
                    else pg_visible_in_snapshot(
                        l.origin_xid,
                        bondreplicate.position_in(coalesce(s.seen, batch_seen), l.source)
                    )
                end as seen
            from bondreplicate.replicate_log as l
            where l.tab = {tab} and l.hash in ({hash_s}, {tab}) and (l.key is null or {key_equal_l})
            order by l.changed, l.stamp desc, l.site desc, l.repair desc
        ) as e
    ) as m on true
    where s.tab = {tab} and s.key is not null and not s.mine;
    return bondreplicate.contest_columns(me, {tab});
end
$contest$
