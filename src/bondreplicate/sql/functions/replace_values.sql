-- A row's values with those at `positions` (array of 1-based
-- places) replaced, in order, by `replacement`; null: by null.
-- A place that is null is of a column that does not travel: nothing to replace.
create or replace function bondreplicate.replace_values(
    vals text [], positions jsonb, replacement text []
)
returns text []
language plpgsql
immutable
set search_path = pg_catalog, pg_temp
as $$
declare
    place integer;
    nth integer := 0;
begin
    for place in select jsonb_array_elements_text(positions)::integer loop
        nth := nth + 1;
        if place is not null then
            vals[place] := replacement[nth];
        end if;
    end loop;
    return vals;
end
$$;
comment on function bondreplicate.replace_values(text [], jsonb, text []) is
'a row''s values with some replaced';
