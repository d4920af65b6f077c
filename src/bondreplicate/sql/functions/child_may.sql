-- What a child without its parent can do: point at another row (points_at: at these values), or
-- have the values that its foreign key says for when the parent is deleted (cleared: all of it).
-- Null: it cannot, or the server has refused it: see take_back().
-- must_go: it was refused to follow, and cannot be cleared.
-- orphan: as pg_temp.orphans_<tab>() gives it.
create or replace function bondreplicate.child_may(
    orphan jsonb, child_vals text [], parent_vals text [], merged_into text [],
    out points_at text [], out cleared text [], out must_go boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    refused constant text [] := array(
        select r.what from pg_temp.bond_rewritten as r
        where r.tab = (orphan ->> 'child_tab')::integer
            and r.key = bondreplicate.texts_of(orphan -> 'child_key')
            and r.constraint_name = orphan ->> 'constraint' and r.refused
    );
begin
    if orphan ->> 'child_tab' is not null and 'clear' <> all(refused) then
        cleared := bondreplicate.clear_child(orphan, child_vals);
    end if;
    if orphan ->> 'child_tab' is not null and 'follow' <> all(refused) then
        points_at := bondreplicate.follow_parent(orphan, parent_vals, merged_into);
    end if;
    must_go := 'follow' = any(refused) and cleared is null;
end
$$;
comment on function bondreplicate.child_may(jsonb, text [], text [], text []) is
'what a child without its parent can do';
