-- Incoming rows of one table that is merged by column, against what is remembered here: lays both
-- side by side for contest_columns(), which decides. Returns conflicts logged.
create or replace function pg_temp.{function}(origin smallint, me smallint, batch_seen jsonb)
returns integer
language plpgsql
as $contest$
#variable_conflict use_variable
begin
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
