-- Forgets what the log has of one table, if every other enabled site is known to have it: its key
-- changes, and what is named by the old one could not be told apart from the new.
-- The caller keeps writers out of the table. served: see known_vectors(). Returns whether it was
-- done.
create or replace function bondreplicate.forget_table(wanted integer, served smallint [])
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    which constant text := format('l.tab = %s', wanted);
begin
    if not bondreplicate.is_stable(which, bondreplicate.known_vectors(served)) then
        return false;
    end if;
    perform bondreplicate.note_pruned(which);
    perform bondreplicate.forget_parked(which);
    delete from bondreplicate.replicate_log as l where l.tab = wanted;
    return true;
end
$$;
comment on function bondreplicate.forget_table(integer, smallint []) is
'forgets what the log has of one table, if every site has it';
