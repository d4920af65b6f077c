-- Puts the parked changes of an origin back on the stage, unless a
-- newer state of the row has come with this batch; parks what belongs
-- to tables that are held (missing here, or with other columns).
create or replace function bondreplicate.unpark(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    insert into pg_temp.bond_stage (tab, key, xid, stamp, site, repair, gone, merged_into, vals)
    select c.tab, nullif(p.key, '{}'), p.xid, p.stamp, p.site, p.repair, p.gone, p.merged_into,
        case when not p.gone then array(
            select p.vals[array_position(p.columns, n.name)]
            from unnest(c.columns) with ordinality as n (name, place)
            order by n.place
        ) end
    from bondreplicate.replicate_parked as p
    join pg_temp.bond_shape as c
        on c.schema_name = p.schema_name and c.table_name = p.table_name and c.held is null
    where p.source = origin and not exists (
        select from pg_temp.bond_stage as s
        where s.tab = c.tab and s.key is not distinct from nullif(p.key, '{}')
    )
    -- A held table has its own shape here too: without a column that the change carries.
    and not exists (
        select from pg_temp.bond_shape as h
        where h.schema_name = p.schema_name and h.table_name = p.table_name and h.held is not null
    );
    with held as (
        delete from pg_temp.bond_stage as s using pg_temp.bond_shape as c
        where c.tab = s.tab and c.held is not null
        returning c.schema_name, c.table_name, c.columns, c.held, s.key, s.xid, s.stamp, s.site,
            s.repair, s.gone, s.vals, s.merged_into
    )
    insert into bondreplicate.replicate_parked as p (
        source, schema_name, table_name, columns, key, xid, stamp, site, repair, gone, vals,
        merged_into, reason
    )
    select origin, h.schema_name, h.table_name, h.columns, coalesce(h.key, '{}'), h.xid, h.stamp,
        h.site, h.repair, h.gone, h.vals, h.merged_into, h.held
    from held as h
    on conflict (source, schema_name, table_name, key) do update
    set columns = excluded.columns, xid = excluded.xid, stamp = excluded.stamp,
        site = excluded.site, repair = excluded.repair, gone = excluded.gone, vals = excluded.vals,
        merged_into = excluded.merged_into, reason = excluded.reason, tried_by = excluded.tried_by,
        tries = p.tries + 1;
end
$$;
comment on function bondreplicate.unpark(smallint) is
'stages the parked changes of an origin again';
