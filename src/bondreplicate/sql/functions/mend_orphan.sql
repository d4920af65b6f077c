-- Decides what becomes of a row whose parent is missing, and stages it: the child follows its
-- parent to the row it was merged into, or to its new values; the delete of the parent loses (NO
-- ACTION, RESTRICT, SET DEFAULT without the default, or CASCADE onto a row that a repair has kept);
-- the child follows it (CASCADE, SET NULL, SET DEFAULT); or the incoming change is parked until the
-- parent arrives, or the child has moved. What the server has refused, as of a CHECK, is not done:
-- the delete, or the new value, of the parent loses; where the parent gave way to another row, and
-- so cannot stay, the child goes.
-- orphan: as pg_temp.orphans_<tab>() gives it. Returns what it did.
create or replace function bondreplicate.mend_orphan(origin smallint, me smallint, orphan jsonb)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    child_tab constant integer := orphan ->> 'child_tab';
    parent_tab constant integer := orphan ->> 'parent_tab';
    child_key constant text [] := bondreplicate.texts_of(orphan -> 'child_key');
    parent_key constant text [] := bondreplicate.texts_of(orphan -> 'parent_key');
    removed constant boolean := orphan ? 'parent_vals';
    constraint_name constant name := orphan ->> 'constraint';
    action constant text := case when child_tab is null then 'a' else orphan ->> 'action' end;
    child record;
    parent record;
    new record;
    left_with constant text := case action when 'n' then 'null' else 'default' end;
    stuck constant text := format('foreign key %s: ', orphan ->> 'constraint');
begin
    select null::text [] as vals, null::text [] as merged_into, false as gone, 0::smallint as repair
    into parent;
    select null::text [] as vals, false as gone, 0::smallint as repair into child;
    if child_tab is not null then
        select c.vals, c.gone, c.repair into child
        from bondreplicate.row_now(child_tab, child_key) as c;
        if child.gone then
            return 'already mended';
        end if;
    end if;
    if parent_tab is not null and parent_key is not null then
        select p.vals, p.merged_into, p.gone, p.mine, p.repair into parent
        from bondreplicate.row_now(parent_tab, parent_key) as p;
        if parent.mine and not parent.gone then
            return 'already mended';
        end if;
    end if;
    select c.points_at, c.cleared, c.must_go, c.must_stay into new
    from bondreplicate.child_may(orphan, child.vals, parent.vals, parent.merged_into,
        coalesce(parent.gone and parent.repair > 0, false)) as c;
    if new.points_at is not null then
        -- Where a user gave the parent another key, that says what becomes of its children.
        if parent.gone and parent.repair > 0 then
            perform bondreplicate.log_repair(me, child_tab, child_key, '{}', 'foreign key',
                'children follow a row that gave way', 'the child points at the row that stayed',
                constraint_name);
        end if;
        perform bondreplicate.point_child(me, orphan, 'follow', bondreplicate.replace_values(
            child.vals, orphan -> 'positions', new.points_at
        ));
        return 'child re-pointed';
    elsif removed and child_tab is not null and bondreplicate.is_awaited(
        origin, me, parent_tab, parent_key, child_tab, child_key
    ) then
        perform bondreplicate.park(origin, parent_tab, parent_key,
            stuck || 'a child of it is here still');
        return 'delete parked';
    elsif removed and not (new.must_go and parent.repair > 0) and (
        not parent.gone or new.must_stay
        or new.cleared is null and not (action = 'c' and child.repair = 0)
    ) then
        perform bondreplicate.log_repair(me, parent_tab, parent_key, null, 'foreign key',
            case when parent.gone then 'a delete loses against a child'
                else 'a new value loses against a child' end, 'the parent stays', constraint_name);
        perform bondreplicate.stage_repair(me, parent_tab, parent_key, false,
            bondreplicate.texts_of(orphan -> 'parent_vals'), null);
        return 'parent kept';
    elsif not removed and parent.gone and bondreplicate.is_awaited(
        origin, me, child_tab, child_key, parent_tab, parent_key
    ) then
        null;
    elsif parent.gone and not new.must_stay
        and (action = 'c' or new.must_go and parent.repair > 0) then
        perform bondreplicate.remove_child(me, orphan, new.must_go);
        return 'child removed';
    elsif new.cleared is not null and parent.gone then
        perform bondreplicate.log_repair(me, child_tab, child_key, '{}', 'foreign key',
            format('children follow a deleted parent (SET %s)', upper(left_with)),
            'the child points at ' || left_with, constraint_name);
        perform bondreplicate.point_child(me, orphan, 'clear', new.cleared);
        return 'child cleared';
    end if;
    perform bondreplicate.park(origin, child_tab, child_key, stuck || 'its parent is not here');
    return 'child parked';
end
$$;
comment on function bondreplicate.mend_orphan(smallint, smallint, jsonb) is
'stages what becomes of a row without parent';
