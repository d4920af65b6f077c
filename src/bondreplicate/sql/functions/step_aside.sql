-- Lets rows that another transaction keeps locked wait by themselves, so that all others go on:
-- those that have waited before, at once; when patience is over (bond_batch.impatient), also what
-- is staged for the table where it stuck, and at last everything. Repairs are not parked: they are
-- computed again. Returns whether anything was parked.
create or replace function bondreplicate.step_aside(
    origin smallint, stuck_tab integer, refused text
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    why constant text := format('another transaction is in the way: %s', refused);
    patience text;
    impatient boolean;
    one record;
    parked boolean := false;
begin
    select b.patience, b.impatient into patience, impatient from pg_temp.bond_batch as b;
    if impatient then
        delete from pg_temp.bond_stage as s where s.mine and s.seen is null;
    else
        perform set_config('lock_timeout', patience, true);
    end if;
    for one in
        select s.tab, s.key from pg_temp.bond_stage as s
        where s.seen is not null or impatient and (s.tab = stuck_tab or not exists (
            select from pg_temp.bond_stage as o where o.tab = stuck_tab
        ))
    loop
        perform bondreplicate.park(origin, one.tab, one.key, why);
        parked := true;
    end loop;
    return parked;
end
$$;
comment on function bondreplicate.step_aside(smallint, integer, text) is
'lets rows that another transaction keeps locked wait by themselves';
