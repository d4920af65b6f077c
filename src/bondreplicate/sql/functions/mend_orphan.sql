-- Decides what becomes of a row whose parent is missing, and stages it: the delete of the parent
-- loses (NO ACTION, RESTRICT), the child follows it (CASCADE, SET NULL), the child follows a merged
-- parent to the row that stayed, or the incoming child is parked until its parent arrives.
-- orphan: as pg_temp.orphans_<tab>() gives it. Returns what it did.
create or replace function bondreplicate.mend_orphan(origin smallint, me smallint, orphan jsonb)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    child_tab constant integer := orphan ->> 'child_tab';
    parent_tab constant integer := orphan ->> 'parent_tab';
    child_key constant text [] := array(select jsonb_array_elements_text(orphan -> 'child_key'));
    parent_key constant text [] := case jsonb_typeof(orphan -> 'parent_key')
        when 'array' then array(select jsonb_array_elements_text(orphan -> 'parent_key')) end;
    removed constant boolean := orphan ? 'parent_vals';
    constraint_name constant name := orphan ->> 'constraint';
    action text := orphan ->> 'action';
    staged record;
    parent record;
    vals_now text [];
    other text [];
begin
    select s.vals, s.mine, s.gone into staged
    from pg_temp.bond_stage as s where s.tab = child_tab and s.key = child_key;
    if found and staged.gone then
        return 'already mended';
    end if;
    if parent_tab is not null and parent_key is not null then
        select s.vals, s.merged_into, s.gone into parent
        from pg_temp.bond_stage as s where s.tab = parent_tab and s.key = parent_key;
        if not found then
            execute format($q$
                select f.vals, f.merged_into, f.stamp is not null as gone
                from pg_temp.fetch_%s($1) as f
            $q$, parent_tab) into parent using parent_key;
        end if;
    end if;
    if child_tab is null then
        action := 'a';
    end if;
    if removed and action in ('a', 'r', 'd')
        and (parent.merged_into is null or child_tab is null) then
        perform bondreplicate.log_repair(me, parent_tab, parent_key, null, 'foreign key',
            'a delete loses against a child', 'the parent stays', constraint_name);
        perform bondreplicate.stage_repair(me, parent_tab, parent_key, false,
            array(select jsonb_array_elements_text(orphan -> 'parent_vals')), null);
        return 'parent kept';
    end if;
    vals_now := staged.vals;
    if vals_now is null and child_tab is not null then
        execute format('select f.vals from pg_temp.fetch_%s($1) as f', child_tab)
        into vals_now using child_key;
    end if;
    if parent.merged_into is not null then
        if removed then
            -- What the child points at need not be the parent's key: it may be a code.
            select s.vals into other
            from pg_temp.bond_stage as s where s.tab = parent_tab and s.key = parent.merged_into;
            if not found then
                execute format('select f.vals from pg_temp.fetch_%s($1) as f', parent_tab)
                into other using parent.merged_into;
            end if;
            parent.merged_into := array(
                select other[p.place::integer]
                from jsonb_array_elements_text(orphan -> 'parent_positions')
                    with ordinality as p (place, n)
                order by p.n
            );
        end if;
        vals_now := bondreplicate.replace_values(
            vals_now, orphan -> 'positions', parent.merged_into
        );
        perform bondreplicate.stage_repair(me, child_tab, child_key, false, vals_now, null);
        return 'child re-pointed';
    elsif action = 'c' and coalesce(parent.gone, false) then
        perform bondreplicate.log_repair(me, child_tab, child_key, null, 'foreign key',
            'children follow a deleted parent (CASCADE)', 'the child was removed', constraint_name);
        perform bondreplicate.stage_repair(me, child_tab, child_key, true, null, null);
        return 'child removed';
    elsif action = 'n' and coalesce(parent.gone, false) then
        vals_now := bondreplicate.replace_values(vals_now, orphan -> 'clears', null);
        perform bondreplicate.stage_repair(me, child_tab, child_key, false, vals_now, null);
        return 'child set null';
    end if;
    perform bondreplicate.park(origin, child_tab, child_key,
        format('foreign key %s: its parent is not here', constraint_name));
    return 'child parked';
end
$$;
comment on function bondreplicate.mend_orphan(smallint, smallint, jsonb) is
'stages what becomes of a row without parent';
