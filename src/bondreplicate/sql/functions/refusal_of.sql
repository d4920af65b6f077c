-- Why the server refuses a staged row: merges it alone in a subtransaction that is always undone.
-- Null: it does not, or another row is in its way. A row that clashes may be refused besides, by
-- what looks for clashes: its values, or the expression of an index.
create or replace function bondreplicate.refusal_of(
    origin smallint, me smallint, tab integer, key text [], before pg_snapshot, careful boolean
)
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    why text;
    at_schema text;
    at_table text;
begin
    begin
        execute format('select pg_temp.merge_%s($1, $2, $3, $4, $5)', tab)
        using origin, me, before, careful, key;
        raise exception using errcode = 'BR032';
    exception
        when sqlstate 'BR032' then
            return null;
        when unique_violation or exclusion_violation then
            get stacked diagnostics why = message_text,
                at_schema = schema_name, at_table = table_name;
            if not bondreplicate.is_clash(tab, at_schema, at_table) then
                return why;
            end if;
            execute format('select count(*) from pg_temp.clashes_%s($1)', tab) using key;
            return null;
    end;
exception
    when others or assert_failure or query_canceled then
        if not bondreplicate.is_refusal(sqlstate) then
            raise;
        end if;
        return sqlerrm;
end
$$;
comment on function bondreplicate.refusal_of(
    smallint, smallint, integer, text [], pg_snapshot, boolean
) is
'why the server refuses a staged row';
