-- Deferrable unique and exclusion constraints are checked by triggers, which are
-- silent in an applying session: so they are checked here, after the merge and with
-- a fresh snapshot. Errors: BR034 with the table's id as table name.
create or replace function bondreplicate.check_late()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    tab integer;
    broken name;
begin
    for tab in
        select c.tab from pg_temp.bond_shape as c
        where c.checked_late and exists (select from pg_temp.bond_stage as s where s.tab = c.tab)
    loop
        execute format('select c.constraint_name from pg_temp.clashes_%s() as c limit 1', tab)
        into broken;
        if broken is not null then
            raise exception using errcode = 'BR034',
                message = format('constraint %s is broken', broken),
                table = tab::text, constraint = broken;
        end if;
    end loop;
end
$$;
comment on function bondreplicate.check_late() is
'checks the deferrable constraints of staged tables';
