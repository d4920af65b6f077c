-- Stages a child with other values in its foreign key. Where these are part of its own key, as in a
-- table that joins two others, it is another row: the old one goes, and remembers where to. Where
-- that row is there already, the child is kept in replicate_error.
-- orphan: as pg_temp.orphans_<tab>() gives it. what: as in bond_rewritten.
create or replace function bondreplicate.point_child(
    me smallint, orphan jsonb, what text, vals_now text []
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    child_tab constant integer := orphan ->> 'child_tab';
    child_key constant text [] := bondreplicate.texts_of(orphan -> 'child_key');
    new_key constant text [] := array(
        select vals_now[p.place::integer]
        from jsonb_array_elements_text(orphan -> 'key_positions') with ordinality as p (place, n)
        order by p.n
    );
    was record;
    there record;
begin
    select r.stamp, r.site, r.repair into was
    from bondreplicate.row_now(child_tab, child_key) as r;
    select r.vals, r.gone, r.stamp, r.site, r.repair into there
    from bondreplicate.row_now(child_tab, new_key) as r;
    if new_key <> child_key and there.vals is not null and not coalesce(there.gone, false) then
        perform bondreplicate.log_repair(me, child_tab, child_key, new_key, 'unique',
            'the row that has the key keeps it', 'a child that followed its parent was removed',
            null);
        perform bondreplicate.stage_repair(me, child_tab, child_key, true, null, new_key);
        return;
    end if;
    insert into pg_temp.bond_rewritten (tab, key, was, constraint_name, parent, what)
    values (
        child_tab, new_key, child_key, orphan ->> 'constraint', orphan -> 'parent_key', what
    );
    if new_key = child_key then
        perform bondreplicate.stage_repair(me, child_tab, child_key, false, vals_now, null);
        return;
    end if;
    perform bondreplicate.stage_repair(me, child_tab, child_key, true, null, new_key);
    if was.stamp is null or (was.stamp, was.site, was.repair + 1)
        <= (there.stamp, there.site, there.repair::integer) then
        perform bondreplicate.stage_repair(me, child_tab, new_key, false, vals_now, null);
    else
        delete from pg_temp.bond_stage as s where s.tab = child_tab and s.key = new_key;
        insert into pg_temp.bond_stage (tab, key, stamp, site, repair, gone, vals, mine)
        values (child_tab, new_key, was.stamp, was.site, was.repair + 1, false, vals_now, true);
    end if;
    -- What is added to it counts from here: see count_mine.sql.
    update pg_temp.bond_stage as s set counters = '{"begins": true}'
    from pg_temp.bond_shape as c
    where c.tab = child_tab and c.counted is not null and s.tab = child_tab and s.key = new_key;
end
$$;
comment on function bondreplicate.point_child(smallint, jsonb, text, text []) is
'stages a child that points at another parent';
