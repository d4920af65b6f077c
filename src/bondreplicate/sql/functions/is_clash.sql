-- Whether a unique or an exclusion violation is one of a staged table, or of the log, and so of
-- rows that clash. Else a function of the application has met, or raised, it somewhere else.
-- at_schema, at_table: of the error.
create or replace function bondreplicate.is_clash(
    wanted_tab integer, at_schema text, at_table text
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return at_schema = 'bondreplicate' or exists (
        select from pg_temp.bond_shape as c
        where c.tab = wanted_tab and c.schema_name = at_schema and c.table_name = at_table
    );
end
$$;
comment on function bondreplicate.is_clash(integer, text, text) is
'whether a unique violation is one of a staged table';
