-- Finds which staged rows of a table the server refuses, by merging each alone in a subtransaction
-- that is always undone, and parks them with the server's words. Raises the last refusal again
-- where no single row is to blame; parks all that is staged for the table where it is a TRUNCATE.
create or replace function bondreplicate.park_culprits(
    origin smallint, me smallint, wanted_tab integer, before pg_snapshot, careful boolean,
    refused text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    one record;
    why text;
    found_any boolean := false;
begin
    create index if not exists bond_stage_key on pg_temp.bond_stage using hash (key);
    for one in
        select s.key from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key is not null
    loop
        why := null;
        begin
            execute format('select pg_temp.merge_%s($1, $2, $3, $4, $5)', wanted_tab)
            using origin, me, before, careful, one.key;
            raise exception using errcode = 'BR032';
        exception
            when sqlstate 'BR032' or unique_violation or exclusion_violation then
                null;
            when data_exception or integrity_constraint_violation or raise_exception
                or syntax_error_or_access_rule_violation then
                get stacked diagnostics why = message_text;
        end;
        if why is not null then
            perform bondreplicate.park(origin, wanted_tab, one.key, why);
            found_any := true;
        end if;
    end loop;
    drop index pg_temp.bond_stage_key;
    if not found_any and exists (
        select from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key is null
    ) then
        perform bondreplicate.park(origin, wanted_tab, null, refused);
    elsif not found_any then
        raise exception using errcode = 'BR033',
            message = format(
                'table %s refuses a batch from site %s, but none of its rows alone',
                wanted_tab, origin
            );
    end if;
end
$$;
comment on function bondreplicate.park_culprits(
    smallint, smallint, integer, pg_snapshot, boolean, text
) is
'parks the staged rows that the server refuses';
