-- The row of a table with that key as it is here now, text of each of those columns; null: there is
-- none, or no such table. A column that is not here is null. For where a session has no functions
-- for the table.
create or replace function bondreplicate.row_of(tab integer, key text [], columns name [])
returns text []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    listed record;
    vals text;
    same text;
    readable boolean;
    found_row text [];
begin
    select t.schema_name, t.table_name, t.key_columns, t.relid into listed
    from bondreplicate.replicate_tables as t where t.id = row_of.tab;
    select string_agg(
        case when a.attname is null then 'null' else format('(t.%I)::text', a.attname) end, ', '
        order by c.place
    ) into vals
    from unnest(columns) with ordinality as c (name, place)
    left join pg_attribute as a
        on a.attrelid = listed.relid and a.attname = c.name and not a.attisdropped;
    select string_agg(
        format('t.%I = ($1)[%s]::%s', a.attname, c.place, format_type(a.atttypid, a.atttypmod)),
        ' and '
    ) filter (where a.attname is not null), count(*) = count(a.attname) into same, readable
    from unnest(listed.key_columns) with ordinality as c (name, place)
    left join pg_attribute as a
        on a.attrelid = listed.relid and a.attname = c.name and not a.attisdropped;
    if same is null or not readable then
        return null;
    end if;
    execute format(
        'select array[%s]::text [] from only %I.%I as t where %s',
        vals, listed.schema_name, listed.table_name, same
    ) into found_row using key;
    return found_row;
end
$$;
comment on function bondreplicate.row_of(integer, text [], name []) is
'a row as it is here now, as text';
