-- Stages that a child goes as its parent went. must_go: it could not be pointed at the row that the
-- parent gave way to; then its own children cannot keep it.
-- orphan: as pg_temp.orphans_<tab>() gives it.
create or replace function bondreplicate.remove_child(me smallint, orphan jsonb, must_go boolean)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    child_tab constant integer := orphan ->> 'child_tab';
    child_key constant text [] := bondreplicate.texts_of(orphan -> 'child_key');
begin
    insert into pg_temp.bond_rewritten (tab, key, was, constraint_name, parent, what)
    values (child_tab, child_key, child_key, orphan ->> 'constraint', orphan -> 'parent_key', 'go');
    perform bondreplicate.log_repair(me, child_tab, child_key, '{}', 'foreign key',
        case when must_go then 'a child that cannot follow a row that gave way'
            else 'children follow a deleted parent (CASCADE)' end,
        'the child was removed', (orphan ->> 'constraint')::name);
    perform bondreplicate.stage_repair(me, child_tab, child_key, true, null, null);
    if must_go then
        insert into pg_temp.bond_refused (tab, parent, what)
        values (child_tab, orphan -> 'child_key', 'stay');
    end if;
end
$$;
comment on function bondreplicate.remove_child(smallint, jsonb, boolean) is
'stages that a child goes as its parent went';
