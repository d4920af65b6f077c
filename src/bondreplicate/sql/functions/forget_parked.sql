-- Drops parked changes that later versions in some entries of the log have superseded, before
-- those are forgotten; one that its origin had not seen is a conflict, and logged. What beats an
-- older one that its origin had not seen will be sent again.
-- which: condition on `l`, the entries.
create or replace function bondreplicate.forget_parked(which text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from bondreplicate.replicate_parked) then
        return;
    end if;
    execute format($q$
        update bondreplicate.replicate_parked as p set again = true
        from bondreplicate.replicate_log as l, bondreplicate.replicate_tables as t
        where %s and not p.again and t.schema_name = p.schema_name and t.table_name = p.table_name
            and l.tab = t.id and p.key_columns = t.key_columns
            and (l.hash = p.hash or l.key = p.key)
            and (l.stamp, l.site, l.repair) < (p.stamp, p.site, p.repair)
            and not (l.source = p.source or pg_visible_in_snapshot(
                coalesce(l.origin_xid, l.xid), bondreplicate.position_in(p.seen, l.source)
            ))
    $q$, which);
    execute format($q$
        with superseded as (
            select distinct on (p.id) p.*, t.id as tab, l.stamp as l_stamp, l.site as l_site,
                l.repair as l_repair, p.counters is not null
                or t.counted <> '{}' and not p.gone and p.xid is not null as counts,
                l.source = p.source or pg_visible_in_snapshot(
                    coalesce(l.origin_xid, l.xid), bondreplicate.position_in(p.seen, l.source)
                ) as was_seen
            from bondreplicate.replicate_parked as p, bondreplicate.replicate_log as l,
                bondreplicate.replicate_tables as t
            where %s and not p.only_counters
                and t.schema_name = p.schema_name and t.table_name = p.table_name
                and l.tab = t.id and (l.key is null or p.key_columns in ('{}', t.key_columns)
                    and (l.hash = p.hash or l.key = p.key))
                and (l.stamp, l.site, l.repair) > (p.stamp, p.site, p.repair)
            order by p.id, l.stamp desc, l.site desc, l.repair desc
        ),
        dropped as (
            delete from bondreplicate.replicate_parked as p using superseded as s
            where p.id = s.id and not s.counts
        ),
        counted as ( -- What was added counts, whichever row stays; so does a value from before.
            update bondreplicate.replicate_parked as p set only_counters = true
            from superseded as s where p.id = s.id and s.counts
        )
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns,
            winner_stamp, winner_site, winner_repair, winner_row,
            loser_stamp, loser_site, loser_repair, loser_row
        )
        select s.site, p.schema_name, p.table_name, p.key, 'concurrent',
            'the later version stays', 'the incoming change waited and was not applied', p.columns,
            p.l_stamp, p.l_site, p.l_repair, bondreplicate.row_of(p.tab, p.key, p.columns),
            p.stamp, p.site, p.repair, p.vals
        from superseded as p cross join bondreplicate.replicate_state as s
        where not p.was_seen and p.key <> '{}'
        on conflict do nothing
    $q$, which);
end
$$;
comment on function bondreplicate.forget_parked(text) is
'drops parked changes that later versions superseded';
