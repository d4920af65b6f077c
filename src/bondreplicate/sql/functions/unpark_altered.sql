-- Puts parked changes of tables that were altered since back on the stage, where the change says
-- enough. One that was named by another key is looked up by it: the row that it finds goes, the
-- state that it carries comes under its key of now. One that lacks columns goes on waiting: its
-- origin sends it again with them (see Extractor.send_again).
create or replace function bondreplicate.unpark_altered(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    p record;
    new_key text [];
begin
    for p in
        select k.* from pg_temp.bond_parked as k
        where k.source = origin and not k.fits and not exists (
            select from pg_temp.bond_stage as s where s.tab = k.tab and s.key = k.key
        )
        order by k.parked_at
    loop
        if not p.enough then
            update bondreplicate.replicate_parked as k
            set tried_by = pg_current_xact_id(), tries = k.tries + 1,
                reason = 'the table was altered: the change waits to be sent again'
            where (k.source, k.schema_name, k.table_name, k.key)
                = (p.source, p.schema_name, p.table_name, p.key);
            continue;
        end if;
        new_key := case
            when not p.gone then bondreplicate.pick_values(p.vals, p.columns, p.key_now)
        end;
        insert into pg_temp.bond_stage (
            tab, key, xid, source, mine, stamp, site, repair, gone, merged_into, seen, vals
        )
        select p.tab, n.key, p.xid, p.maker, p.xid is null, p.stamp, p.site, p.repair,
            n.key is distinct from new_key, p.merged_into, p.seen,
            case when n.key = new_key then
                bondreplicate.pick_values(p.vals, p.columns, p.columns_now)
            end
        from (
            select f.key from bondreplicate.find_keys(
                p.schema_name, p.table_name, p.key_columns, p.key, p.key_now
            ) as f (key)
            union select new_key where new_key is not null
        ) as n
        where not exists (
            select from pg_temp.bond_stage as s where s.tab = p.tab and s.key = n.key
        );
    end loop;
end
$$;
comment on function bondreplicate.unpark_altered(smallint) is
'stages parked changes of tables that were altered';
