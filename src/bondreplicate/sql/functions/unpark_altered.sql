-- Puts parked changes of tables that were altered since back on the stage, where they say enough.
-- One that was told by another key: the state that it carries comes under the key of now, and what
-- else its old key finds here goes, as older than that. Of two for one key the later stays. One
-- that is not whole goes on waiting: its origin sends the row again (see Extractor.send_again).
create or replace function bondreplicate.unpark_altered(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    p record;
    new_key text [];
begin
    update bondreplicate.replicate_parked as k
    set tried_by = pg_current_xact_id(), tries = k.tries + 1,
        reason = 'the table was altered since: ' || case
            when w.same_key then 'the change waits to be sent again'
            else 'it has not all columns of the key that the change is told by'
        end
    from pg_temp.bond_due as w
    where w.source = origin and not (w.same_key and w.whole)
        and not (not w.same_key and w.whole and w.key_columns <@ w.columns_now)
        and k.id = w.id
        and not (w.same_key and exists (
            select from pg_temp.bond_stage as s where s.tab = w.tab and s.key = w.key
        ));
    for p in
        select w.*, t.turn
        from pg_temp.bond_due as w cross join generate_series(1, 2) as t (turn)
        where w.source = origin and not w.same_key and w.whole
            and w.key_columns <@ w.columns_now and (t.turn = 2 or not w.gone)
        -- States first: what the old key of one finds may be another one's by now.
        order by t.turn, w.stamp desc, w.site desc, w.repair desc
    loop
        new_key := case
            when not p.gone then bondreplicate.pick_values(p.vals, p.columns, p.key_now)
        end;
        delete from pg_temp.bond_stage as s
        where p.turn = 1 and s.tab = p.tab and s.key = new_key and s.seen is not null
            and (s.stamp, s.site, s.repair) < (p.stamp, p.site, p.repair);
        -- A later one counts for what this one wrote, too: see joined_cells(). Under another key
        -- that is the whole row, since it may be another one that has this key here.
        update pg_temp.bond_stage as s
        set seen = p.seen, cells = bondreplicate.joined_cells(s.cells, bondreplicate.cells_or_one(
            null, p.stamp, p.site, p.repair, p.maker, p.xid
        ), p.columns_now)
        where p.turn = 1 and s.tab = p.tab and s.key = new_key and s.cells is not null
            and p.xid is not null;
        insert into pg_temp.bond_stage (
            tab, key, xid, source, mine, stamp, site, repair, gone, seen, again,
            counters, vals
        )
        select p.tab, n.key, p.xid, p.maker, p.xid is null, p.stamp, p.site, p.repair,
            p.turn = 2, p.seen, p.again, case when p.turn = 1 then p.counters end, case
                when p.turn = 1 then bondreplicate.pick_values(p.vals, p.columns, p.columns_now)
            end
        from (
            select new_key as key where p.turn = 1
            union
            select f.key from bondreplicate.find_keys(
                p.schema_name, p.table_name, p.key_columns, p.key, p.key_now
            ) as f (key)
            where p.turn = 2 and f.key is distinct from new_key
        ) as n
        where not exists (
            select from pg_temp.bond_stage as s where s.tab = p.tab and s.key = n.key
        );
    end loop;
end
$$;
comment on function bondreplicate.unpark_altered(smallint) is
'stages parked changes of tables that were altered';
