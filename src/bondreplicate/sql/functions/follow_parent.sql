-- What a child has to point at instead of a parent that is not there under the values it points at:
-- those of the row that the parent was merged into, or the new ones of the parent itself. Null:
-- there is no such row.
-- orphan: as pg_temp.orphans_<tab>() gives it.
create or replace function bondreplicate.follow_parent(
    orphan jsonb, parent_vals text [], merged_into text []
)
returns text []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    there text [] := parent_vals;
begin
    if merged_into is not null then
        if not orphan ? 'parent_vals' then
            -- The child points at the parent's key, and the parent is not here.
            return merged_into;
        end if;
        select r.vals into there
        from bondreplicate.row_now((orphan ->> 'parent_tab')::integer, merged_into) as r
        where not coalesce(r.gone, false);
    elsif not orphan ? 'parent_vals' then
        return null;
    end if;
    -- What the child points at need not be the parent's key: it may be a code.
    return case when there is not null then array(
        select there[p.place::integer]
        from jsonb_array_elements_text(orphan -> 'parent_positions') with ordinality as p (place, n)
        order by p.n
    ) end;
end
$$;
comment on function bondreplicate.follow_parent(jsonb, text [], text []) is
'what a child points at instead of a parent that went';
