-- Puts the parked changes of an origin back on the stage, unless a newer state of the row has come
-- with this batch, which is then compared with what the older one had not seen either; parks what
-- belongs to tables that are held (missing here, or with other columns). Of the rows that the
-- server refused, which are tried one by one, some take their turn: those tried longest ago.
create or replace function bondreplicate.unpark(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_hashjoin = on
as $$
declare
    refused_max constant integer := 100;
begin
    if exists (select from bondreplicate.replicate_parked as p where p.source = origin) then
        insert into pg_temp.bond_turn (id)
        select p.id from bondreplicate.replicate_parked as p
        where p.source = origin and p.refused order by p.tried_by, p.id limit refused_max;
        update bondreplicate.replicate_parked as p
        set reason = c.held
        from pg_temp.bond_shape as c
        where p.source = origin and c.held is not null and p.reason <> c.held
            and c.schema_name = p.schema_name and c.table_name = p.table_name;
        perform bondreplicate.index_stage(
            (select count(*) from bondreplicate.replicate_parked as p where p.source = origin)
        );
        update pg_temp.bond_stage as s
        set seen = p.seen, again = p.again, cells = case
            when s.gone or p.gone or p.xid is null and p.cells is null then s.cells
            else bondreplicate.joined_cells(s.cells, bondreplicate.cells_or_one(
                p.cells, p.stamp, p.site, p.repair, p.maker, p.xid
            ), c.columns)
        end,
        counters = case
            when p.gone or p.xid is null or (s.counters ->> 'site')::integer > 0 then s.counters
            else s.counters || bondreplicate.plain_start(
                case when p.counters ->> 'begun' = s.counters ->> 'begun' then p.counters end,
                p.stamp, p.site, p.columns, p.vals, c.counted
            )
        end
        from bondreplicate.replicate_parked as p
        join pg_temp.bond_shape as c
            on c.schema_name = p.schema_name and c.table_name = p.table_name
            and coalesce(c.origin_tab = p.origin_tab, true)
            and coalesce(c.key_numbers = p.key_numbers, p.key_columns in ('{}', c.key_columns))
        where p.source = origin and s.tab = c.tab and coalesce(s.key, '{}') = p.key;
        insert into pg_temp.bond_stage (
            tab, key, xid, source, mine, stamp, site, repair, gone, merged_into, seen, again,
            cells, counters, only_counters, vals
        )
        select p.tab, nullif(p.key, '{}'), p.xid, p.maker, p.xid is null and p.cells is null,
            p.stamp, p.site, p.repair, p.gone, p.merged_into, p.seen, p.again, p.cells,
            p.counters, p.only_counters, case
                when not p.gone then bondreplicate.pick_values(p.vals, p.columns, p.columns_now)
            end
        from pg_temp.bond_due as p
        where p.source = origin and p.same_key and p.whole and not exists (
            select from pg_temp.bond_stage as s
            where s.tab = p.tab and coalesce(s.key, '{}') = p.key
        );
        perform bondreplicate.unpark_altered(origin);
        perform bondreplicate.join_parked(origin);
    end if;
    perform bondreplicate.park(origin, c.tab, null, c.held)
    from pg_temp.bond_shape as c
    where c.held is not null and c.tab in (select s.tab from pg_temp.bond_stage as s);
end
$$;
comment on function bondreplicate.unpark(smallint) is
'stages the parked changes of an origin again';
