-- Forgets what the log has of one table, if every other enabled site is known to have it: its key
-- changes, and what is named by the old one could not be told apart from the new.
-- The caller keeps writers out of the table. Returns whether it was done.
create or replace function bondreplicate.forget_table(wanted integer)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    which constant text := format('l.tab = %s', wanted);
    known jsonb;
begin
    select coalesce(jsonb_object_agg(h.site, coalesce(p.seen, '{}')), '{}') into known
    from bondreplicate.replicate_state as s
    join bondreplicate.replicate_hosts as h on h.enabled and h.site <> s.site
    left join bondreplicate.replicate_position as p on p.site = h.site;
    if not bondreplicate.is_stable(which, known) then
        return false;
    end if;
    perform bondreplicate.note_pruned(which);
    perform bondreplicate.forget_parked(which);
    delete from bondreplicate.replicate_log as l where l.tab = wanted;
    return true;
end
$$;
comment on function bondreplicate.forget_table(integer) is
'forgets what the log has of one table, if every site has it';
