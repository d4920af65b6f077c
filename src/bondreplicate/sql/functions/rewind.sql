-- Puts the stage back to what it was before the first child was pointed elsewhere, with all that
-- was told since. Rows that were parked meanwhile are tried once more.
create or replace function bondreplicate.rewind()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from pg_temp.bond_stage;
    insert into pg_temp.bond_stage select b.* from pg_temp.bond_before as b;
    delete from bondreplicate.replicate_error as e
    using pg_temp.bond_batch as b
    where e.xid = pg_current_xact_id() and e.id > b.told and e.kind in ('unique', 'foreign key')
        and e.source = (select s.site from bondreplicate.replicate_state as s);
    delete from pg_temp.bond_rewritten;
end
$$;
comment on function bondreplicate.rewind() is
'puts the stage back to what it was before children were pointed elsewhere';
