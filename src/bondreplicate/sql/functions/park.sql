-- Takes a change off the stage and keeps it in replicate_parked until it can be applied.
-- wanted_key: null: everything staged for the table. refused: by the server itself. If its origin
-- has no such table any more, it stays known which table that was, and what its columns were.
create or replace function bondreplicate.park(
    origin smallint, wanted_tab integer, wanted_key text [], why text,
    refused boolean default false
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    places tid [];
begin
    perform bondreplicate.unprefer(wanted_tab, wanted_key);
    -- Apart, so that one key is found by the index of the stage.
    if wanted_key is null then
        places := array(select s.ctid from pg_temp.bond_stage as s where s.tab = wanted_tab);
    else
        places := array(
            select s.ctid from pg_temp.bond_stage as s
            where s.tab = wanted_tab and s.key = wanted_key
        );
    end if;
    with taken as (
        delete from pg_temp.bond_stage as s where s.ctid = any(places) returning s.*
    )
    insert into bondreplicate.replicate_parked as p (
        source, schema_name, table_name, origin_tab, layout, columns, key, key_columns, key_numbers,
        hash, xid, maker, stamp, site, repair, gone, vals, merged_into, seen, again,
        cells, counters, only_counters, reason, refused
    )
    select coalesce(k.via, origin), t.schema_name, t.table_name,
        case when k.via is null then t.origin_tab end, t.layout, t.columns,
        coalesce(k.key, '{}'), case when k.key is null then '{}' else t.key_columns end,
        t.key_numbers, k.hash, k.xid, k.source, coalesce(k.stamp, '-infinity'), coalesce(k.site, 0),
        coalesce(k.repair, 0),
        k.gone, k.vals, k.merged_into, coalesce(k.seen, b.seen), k.again, k.cells,
        k.counters, k.only_counters, why, park.refused
    from taken as k
    join pg_temp.bond_shape as t on t.tab = wanted_tab
    cross join pg_temp.bond_batch as b
    on conflict (source, schema_name, table_name, bondreplicate.key_digest(key), key_columns)
    do update
    set origin_tab = coalesce(excluded.origin_tab, p.origin_tab), columns = excluded.columns,
        layout = case when excluded.origin_tab is null then p.layout else excluded.layout end,
        key_numbers = case
            when excluded.origin_tab is null then p.key_numbers else excluded.key_numbers
        end,
        hash = coalesce(excluded.hash, p.hash), xid = excluded.xid,
        maker = excluded.maker, stamp = excluded.stamp, site = excluded.site,
        repair = excluded.repair, gone = excluded.gone, vals = excluded.vals,
        merged_into = excluded.merged_into, seen = excluded.seen,
        again = p.again or excluded.again, cells = excluded.cells,
        counters = excluded.counters, only_counters = excluded.only_counters,
        reason = excluded.reason, refused = excluded.refused,
        tried_by = excluded.tried_by, tries = p.tries + 1;
end
$$;
comment on function bondreplicate.park(smallint, integer, text [], text, boolean) is
'parks a staged change';
