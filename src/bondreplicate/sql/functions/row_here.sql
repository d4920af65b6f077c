-- The values of a row as it is here, whatever is staged for it; null: it is not.
create or replace function bondreplicate.row_here(wanted_tab integer, wanted_key text [])
returns text []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    vals text [];
begin
    execute format('select f.vals from pg_temp.fetch_%s($1) as f', wanted_tab)
    into vals using wanted_key;
    return vals;
end
$$;
comment on function bondreplicate.row_here(integer, text []) is
'the values of a row as it is here';
