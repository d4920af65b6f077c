-- Keeps the stage, and which conflicts have been told, before children are pointed elsewhere for
-- the first time since it was kept: see rewind().
create or replace function bondreplicate.keep_stage()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from pg_temp.bond_rewritten) then
        delete from pg_temp.bond_before;
        insert into pg_temp.bond_before select s.* from pg_temp.bond_stage as s;
        update pg_temp.bond_batch
        set told = (select coalesce(max(e.id), 0) from bondreplicate.replicate_error as e);
    end if;
end
$$;
comment on function bondreplicate.keep_stage() is
'keeps the stage before children are pointed elsewhere';
