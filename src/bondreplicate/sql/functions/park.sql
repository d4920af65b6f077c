-- Takes a change off the stage and keeps it in replicate_parked until it can be applied.
create or replace function bondreplicate.park(
    origin smallint, wanted_tab integer, wanted_key text [], why text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    with taken as (
        delete from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key
        returning s.key, s.xid, s.stamp, s.site, s.repair, s.gone, s.vals, s.merged_into
    )
    insert into bondreplicate.replicate_parked as p (
        source, schema_name, table_name, columns, key, xid, stamp, site, repair, gone, vals,
        merged_into, reason, tried_by
    )
    select origin, t.schema_name, t.table_name, t.columns, k.key, k.xid, k.stamp, k.site, k.repair,
        k.gone, k.vals, k.merged_into, why, pg_current_xact_id()
    from taken as k
    join pg_temp.bond_shape as t on t.tab = wanted_tab
    on conflict (source, schema_name, table_name, key) do update
    set columns = excluded.columns, xid = excluded.xid, stamp = excluded.stamp,
        site = excluded.site, repair = excluded.repair, gone = excluded.gone, vals = excluded.vals,
        merged_into = excluded.merged_into, reason = excluded.reason, tried_by = excluded.tried_by,
        tries = p.tries + 1;
end
$$;
comment on function bondreplicate.park(smallint, integer, text [], text) is 'parks a staged change';
