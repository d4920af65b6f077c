-- Lets rows that another transaction keeps locked wait by themselves, so that all others go on:
-- those of the table where it stuck that have waited before, at once, or else all that have; when
-- patience is over (bond_batch.impatient), also what is new for that table, and at last everything.
-- Repairs, and what was told of them, are taken back (the stage is again as bond_kept has it): they
-- are computed anew.
-- Returns whether anything was parked.
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
    here boolean;
    one record;
    parked boolean := false;
begin
    select b.patience, b.impatient into patience, impatient from pg_temp.bond_batch as b;
    if not impatient then
        perform set_config('lock_timeout', patience, true);
    end if;
    if exists (select from pg_temp.bond_kept) then
        delete from pg_temp.bond_stage;
        insert into pg_temp.bond_stage select k.* from pg_temp.bond_kept as k;
        delete from pg_temp.bond_rewritten;
    end if;
    delete from bondreplicate.replicate_error as e
    where e.xid = pg_current_xact_id() and e.kind in ('unique', 'foreign key')
        and e.source = (select s.site from bondreplicate.replicate_state as s);
    select exists (
        select from pg_temp.bond_stage as s
        where s.tab = stuck_tab and (s.seen is not null or impatient)
    ) into here;
    for one in
        select s.tab, s.key from pg_temp.bond_stage as s
        where (s.seen is not null or impatient) and (s.tab = stuck_tab or not here)
    loop
        perform bondreplicate.park(origin, one.tab, one.key, why);
        delete from pg_temp.bond_kept as k
        where k.tab = one.tab and (one.key is null or k.key = one.key);
        parked := true;
    end loop;
    return parked;
end
$$;
comment on function bondreplicate.step_aside(smallint, integer, text) is
'lets rows that another transaction keeps locked wait by themselves';
