-- A JSON array of strings and nulls as a text array; null for anything else.
create or replace function bondreplicate.texts_of(list jsonb)
returns text []
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
    select case when jsonb_typeof(list) = 'array' then array(
        select e.text from jsonb_array_elements_text(list) with ordinality as e (text, n)
        order by e.n
    ) end
$$;
comment on function bondreplicate.texts_of(jsonb) is 'a JSON array of strings as a text array';
