-- What a child has to point at instead of a parent that is not there under the values it points at:
-- those of the row that the parent was merged into, or that has its key now (and so on from there),
-- or the new ones of the parent itself. Null: there is no such row.
-- parent_now: what the merged parent has in columns whose values do not travel.
-- orphan: as pg_temp.orphans_<tab>() gives it.
create or replace function bondreplicate.follow_parent(
    orphan jsonb, parent_vals text [], merged_into text []
)
returns text []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    parent_tab constant integer := orphan ->> 'parent_tab';
    met text [] := '{}';
    there record;
    points_at text [];
begin
    if merged_into is null and not orphan ? 'parent_vals' then
        return null;
    end if;
    select parent_vals as vals, merged_into as merged_into, false as gone into there;
    while there.merged_into is not null and not there.merged_into::text = any (met) loop
        met := met || there.merged_into::text;
        merged_into := there.merged_into;
        select r.vals, r.merged_into, coalesce(r.gone, false) as gone into there
        from bondreplicate.row_now(parent_tab, merged_into) as r;
    end loop;
    if not orphan ? 'parent_vals' then
        -- The child points at the parent's key, and the parent is not here.
        points_at := merged_into;
    elsif not there.gone and there.vals is not null then
        -- What the child points at need not be the parent's key: it may be a code.
        points_at := array(
            select coalesce(
                there.vals[p.place::integer], orphan -> 'parent_now' ->> (p.n - 1)::integer
            )
            from jsonb_array_elements_text(orphan -> 'parent_positions')
                with ordinality as p (place, n)
            order by p.n
        );
    end if;
    return points_at;
end
$$;
comment on function bondreplicate.follow_parent(jsonb, text [], text []) is
'what a child points at instead of a parent that went';
