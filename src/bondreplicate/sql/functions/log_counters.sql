-- Tells of what was added to a row that was inserted anew, neither site having seen the other: it
-- is lost with the older of the two, the one here or the one that comes. What is to be is in
-- bond_count.
create or replace function bondreplicate.log_counters(me smallint, wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into bondreplicate.replicate_error (
        source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
        winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair
    )
    select me, t.schema_name, t.table_name, n.key, 'counter',
        'what is added to a row counts until it is inserted anew',
        'lost with the older row: ' || x.sums, t.columns, n.base_stamp, n.base_site, 0,
        case when (i.stamp, i.site) = (n.base_stamp, n.base_site) then s.vals
            else bondreplicate.row_here(wanted_tab, n.key) end, o.stamp, o.site, 0
    from pg_temp.bond_count as n
    join pg_temp.bond_stage as s on s.ctid = n.place
    join pg_temp.bond_shape as t on t.tab = wanted_tab
    cross join pg_temp.bond_batch as b
    left join bondreplicate.replicate_counter as c on c.ctid = n.known
    cross join jsonb_to_record(coalesce(s.counters, '{}')) as i (
        stamp timestamptz, site smallint, totals jsonb
    )
    cross join lateral (
        select c.base_stamp, c.base_site, c.totals where not c.gone
        union all
        select i.stamp, i.site, i.totals where n.here and not s.gone
    ) as o (stamp, site, totals)
    cross join lateral (
        select string_agg(
            format('%s %s by site %s', v.key, v.value, e.key), ', ' order by e.key, v.key
        ) as sums
        from jsonb_each(o.totals) as e cross join lateral jsonb_each(e.value) as v
        where v.key <> 'changes' and v.value <> '0'
    ) as x
    where (o.stamp, o.site) < (n.base_stamp, n.base_site) and x.sums is not null and exists (
        select from bondreplicate.replicate_log as l
        where l.tab = wanted_tab and l.hash = n.hash and l.source = me
            and not pg_visible_in_snapshot(
                l.xid, bondreplicate.position_in(coalesce(s.seen, b.seen), me)
            )
    )
    on conflict do nothing;
end
$$;
comment on function bondreplicate.log_counters(smallint, integer) is
'logs what was added to rows that were inserted anew elsewhere';
