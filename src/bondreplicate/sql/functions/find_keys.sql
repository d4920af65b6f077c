-- Keys of the rows of a table that have these texts in these columns.
-- columns: of `texts`. key_columns: of the keys wanted.
create or replace function bondreplicate.find_keys(
    schema_name name, table_name name, columns name [], texts text [], key_columns name []
)
returns setof text []
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query execute (
        select format(
            'select array[%s]::text [] from only %I.%I as t where %s',
            (
                select string_agg(format('(t.%I)::text', k.name), ', ' order by k.place)
                from unnest(key_columns) with ordinality as k (name, place)
            ),
            schema_name, table_name,
            string_agg(format('(t.%I)::text = ($1)[%s]', c.name, c.place), ' and ')
        )
        from unnest(columns) with ordinality as c (name, place)
    ) using texts;
end
$$;
comment on function bondreplicate.find_keys(name, name, name [], text [], name []) is
'keys of the rows that have these texts';
