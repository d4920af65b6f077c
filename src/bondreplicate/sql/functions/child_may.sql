-- What a child without its parent can do: point at another row (points_at: at these values), or
-- have the values that its foreign key says for when the parent is deleted (cleared: all of it).
-- Null: it cannot; the server has refused it (see take_back()); or a column of its foreign key is
-- generated, which cannot follow (child_fixed).
-- must_go: there is a row that it cannot follow, or its parent must go, and it cannot be cleared.
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
    must_go := false;
    if orphan ->> 'child_tab' is null then
        return;
    end if;
    if 'clear' <> all(refused) then
        cleared := bondreplicate.clear_child(orphan, child_vals);
    end if;
    points_at := bondreplicate.follow_parent(orphan, parent_vals, merged_into);
    if 'follow' = any(refused) or exists (
        select from jsonb_array_elements_text(orphan -> 'child_fixed') with ordinality as c (val, n)
        where c.val <> points_at[c.n]
    ) then
        must_go := points_at is not null and cleared is null;
        points_at := null;
    end if;
    must_go := must_go or cleared is null and points_at is null and exists (
        select from pg_temp.bond_rewritten as r
        where r.tab = (orphan ->> 'parent_tab')::integer and r.what = 'go'
            and r.key = bondreplicate.texts_of(orphan -> 'parent_key')
    );
end
$$;
comment on function bondreplicate.child_may(jsonb, text [], text [], text []) is
'what a child without its parent can do';
