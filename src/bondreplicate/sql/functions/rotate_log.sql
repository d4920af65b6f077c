-- Lets the log go of what every other enabled site is known to have: closes the part that takes
-- entries where it has any and another is free, and truncates closed parts that are causally
-- stable. TRUNCATE waits 50 ms at most: where a transaction still holds the part, it is left for
-- the next call. Returns parts truncated.
-- known: for each other enabled site, the vector that came with its last batch.
create or replace function bondreplicate.rotate_log(known jsonb)
returns integer
language plpgsql
set search_path = pg_catalog, pg_temp
set lock_timeout = '50ms'
as $$
declare
    p record;
    done integer := 0;
    active smallint;
    free smallint;
    used boolean;
begin
    select s.part into active from bondreplicate.replicate_state as s;
    select r.part into free from bondreplicate.replicate_part as r
    where r.closed_at is null and r.part <> active order by r.part limit 1;
    execute format('select exists (select from bondreplicate.replicate_log_%s)', active) into used;
    if used and free is not null then
        update bondreplicate.replicate_state set part = free;
        update bondreplicate.replicate_part as r set closed_at = clock_timestamp()
        where r.part = active;
    end if;
    for p in
        select r.part from bondreplicate.replicate_part as r
        where r.closed_at is null and r.part not in (active, coalesce(free, active))
    loop
        -- A writer may have read which part takes entries and
        -- come to write only after that part was truncated.
        execute format('select exists (select from bondreplicate.replicate_log_%s)', p.part)
        into used;
        if used then
            update bondreplicate.replicate_part as r set closed_at = clock_timestamp()
            where r.part = p.part;
        end if;
    end loop;
    for p in select r.part from bondreplicate.replicate_part as r where r.closed_at is not null loop
        if bondreplicate.part_is_stable(p.part, known) then
            begin
                execute format(
                    'lock table bondreplicate.replicate_log_%s in access exclusive mode', p.part
                );
                if bondreplicate.part_is_stable(p.part, known) then
                    perform bondreplicate.forget_parked(p.part);
                    perform bondreplicate.note_pruned(p.part);
                    execute format('truncate bondreplicate.replicate_log_%s', p.part);
                    update bondreplicate.replicate_part as r set closed_at = null
                    where r.part = p.part;
                    done := done + 1;
                end if;
            exception when lock_not_available then
                null;
            end;
        end if;
    end loop;
    return done;
end
$$;
comment on function bondreplicate.rotate_log(jsonb) is
'truncates parts of the log that every site is known to have';
