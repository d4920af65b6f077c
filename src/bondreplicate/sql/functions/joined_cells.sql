-- The versions of a staged row where an older state of it, from the same origin, has waited: those
-- of both, since the origin may have forgotten some that it knows to be here. Where the older one
-- names columns that are not there any more, they were renamed, or dropped: it counts for all then.
-- newer: null, of the row as a whole. names: of the columns that there are.
create or replace function bondreplicate.joined_cells(newer jsonb, older jsonb, names name [])
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when newer is not null then newer || (
        select coalesce(jsonb_agg(case
            when e.cell -> 'c' <@ to_jsonb(names) then e.cell
            else e.cell || '{"c": null}'
        end), '[]')
        from jsonb_array_elements(older) as e (cell)
    ) end
$$;
comment on function bondreplicate.joined_cells(jsonb, jsonb, name []) is
'versions of a row of which an older state has waited';
