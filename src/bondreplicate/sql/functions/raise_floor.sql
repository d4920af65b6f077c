-- Lifts the logical clock above a stamp that was applied
-- here, so that whoever sees the change writes later ones.
-- So is that of a repair just above it, which others may make of it by a policy.
-- Refuses a stamp too far ahead of the wall clock (BR020).
-- Writes replicate_state only where it is needed.
create or replace function bondreplicate.raise_floor(applied timestamptz, ahead_max interval)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    now_here constant timestamptz := bondreplicate.replicate_now();
begin
    if applied > clock_timestamp() + ahead_max then
        raise exception using errcode = 'BR020',
            message = format(
                'a change is stamped %s, %s ahead of the clock here',
                applied, applied - clock_timestamp()
            ),
            hint = 'correct the clock of the site that made it; clock_ahead_max_s sets the limit';
    end if;
    if applied + interval '1 microsecond' >= now_here then
        update bondreplicate.replicate_state
        set floor = applied + interval '2 microseconds', floored_at = clock_timestamp();
    end if;
end
$$;
comment on function bondreplicate.raise_floor(timestamptz, interval) is
'lifts the logical clock above a stamp';
