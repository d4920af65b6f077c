-- Keys of the rows of a table that have these values in these columns.
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
            string_agg(format(
                't.%I = ($1)[%s]::%s', c.name, c.place, format_type(a.atttypid, a.atttypmod)
            ), ' and ')
        )
        from unnest(columns) with ordinality as c (name, place)
        join pg_attribute as a on a.attname = c.name
            and a.attrelid = format('%I.%I', schema_name, table_name)::regclass
    ) using texts;
end
$$;
comment on function bondreplicate.find_keys(name, name, name [], text [], name []) is
'keys of the rows that have these values';
