-- What a child without its parent can do: point at another row (points_at: at these values), or
-- have the values that its foreign key says for when the parent is deleted (cleared: all of it).
-- Null: it cannot; the server has refused it (see take_back()); or a column of its foreign key is
-- generated, which cannot follow (child_fixed).
-- must_go: there is a row that it cannot follow, or its parent cannot stay; and it cannot be
-- cleared. must_stay: the server has refused to let it go.
-- gave_way: the parent cannot stay: what was refused of one child says nothing of others.
-- orphan: as pg_temp.orphans_<tab>() gives it.
create or replace function bondreplicate.child_may(
    orphan jsonb, child_vals text [], parent_vals text [], merged_into text [],
    gave_way boolean,
    out points_at text [], out cleared text [], out must_go boolean, out must_stay boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    refused constant text [] := array(
        select r.what from pg_temp.bond_refused as r
        where r.parent = orphan -> 'parent_key' and (
            r.tab = (orphan ->> 'child_tab')::integer
            and r.constraint_name = orphan ->> 'constraint'
            and (not gave_way or r.key = bondreplicate.texts_of(orphan -> 'child_key'))
            or r.tab = (orphan ->> 'parent_tab')::integer and r.what = 'stay'
        )
    );
begin
    must_go := false;
    must_stay := 'go' = any(refused);
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
        must_go := points_at is not null;
        points_at := null;
    end if;
    must_go := (must_go or 'stay' = any(refused)) and cleared is null and not must_stay;
end
$$;
comment on function bondreplicate.child_may(jsonb, text [], text [], text [], boolean) is
'what a child without its parent can do';
