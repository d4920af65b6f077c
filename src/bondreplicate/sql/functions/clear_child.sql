-- The values of a child whose parent was deleted, as its foreign key says: SET NULL, SET DEFAULT.
-- Null: it has another action; or the row that the default refers to is not there, or is the one
-- that was deleted, or MATCH FULL refuses the default: the server would not let the parent go.
-- orphan: as pg_temp.orphans_<tab>() gives it.
create or replace function bondreplicate.clear_child(orphan jsonb, vals text [])
returns text []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    defaults constant text [] := bondreplicate.texts_of(nullif(orphan -> 'defaults', 'null'));
    cleared text [];
    points_at text [];
    there record;
begin
    if orphan ->> 'action' = 'n' then
        return bondreplicate.replace_values(vals, orphan -> 'clears', null);
    elsif orphan ->> 'action' <> 'd' or defaults is null then
        return null;
    end if;
    cleared := bondreplicate.replace_values(vals, orphan -> 'clears', defaults);
    points_at := array(
        select cleared[p.place::integer]
        from jsonb_array_elements_text(orphan -> 'positions') with ordinality as p (place, n)
        order by p.n
    );
    if array_position(points_at, null) is not null then
        return case
            when not (orphan -> 'full')::boolean or num_nonnulls(variadic points_at) = 0
                then cleared
        end;
    end if;
    select r.vals, coalesce(r.gone, false) as gone into there
    from bondreplicate.row_now((orphan ->> 'parent_tab')::integer, points_at) as r;
    return case when there.vals is not null and not there.gone then cleared end;
end
$$;
comment on function bondreplicate.clear_child(jsonb, text []) is
'the values of a child whose parent was deleted, by SET NULL or SET DEFAULT';
