-- Deferrable unique and exclusion constraints are checked by triggers, which are
-- silent in an applying session: so they are checked here, after the merge and with
-- a fresh snapshot. Errors: BR034.
create or replace function bondreplicate.check_late(tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    broken name;
begin
    if not exists (select from pg_temp.bond_shape as c where c.tab = tab and c.checked_late) then
        return;
    end if;
    execute format('select c.constraint_name from pg_temp.clashes_%s(null) as c limit 1', tab)
    into broken;
    if broken is not null then
        raise exception using errcode = 'BR034', constraint = broken,
            message = format('constraint %s is broken', broken);
    end if;
end
$$;
comment on function bondreplicate.check_late(integer) is
'checks the deferrable constraints of a staged table';
