-- Truncates a closed part of the log, if every other enabled site is known to have what is in it
-- and nobody has it locked. It never waits for that lock, because writers that still use the part
-- (an old snapshot told them to) would wait behind it. Returns whether it was
-- done; null: some site has yet to tell that it has what is in it.
-- known: for each other enabled site, the vector that came with its last batch.
create or replace function bondreplicate.forget_part(wanted smallint, known jsonb)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
    which constant text := format('l.part = %s', wanted);
begin
    if not bondreplicate.is_stable(which, known) or bondreplicate.is_awaiting(which)
        or bondreplicate.is_unread(which) or bondreplicate.is_passing(which, known) then
        return null;
    end if;
    begin
        -- Before the lock: who applies a batch may hold the row of replicate_state and want the
        -- part. It is taken back where the part is not truncated after all.
        perform bondreplicate.note_pruned(which);
        execute format(
            'lock table bondreplicate.replicate_log_%s in access exclusive mode nowait', wanted
        );
        if not bondreplicate.is_stable(which, known) or bondreplicate.is_awaiting(which)
            or bondreplicate.is_unread(which) or bondreplicate.is_passing(which, known) then
            raise object_not_in_prerequisite_state;
        end if;
        perform bondreplicate.forget_parked(which);
        execute format('truncate bondreplicate.replicate_log_%s', wanted);
        perform bondreplicate.forget_counters();
        update bondreplicate.replicate_part as r set closed_at = null where r.part = wanted;
    exception
        when lock_not_available then
            return false;
        when object_not_in_prerequisite_state then
            return null;
    end;
    return true;
end
$$;
comment on function bondreplicate.forget_part(smallint, jsonb) is
'truncates a part of the log that every site is known to have';
