-- The hybrid logical clock of this site: the wall clock, or, while that is
-- behind what was applied from other sites, a clock that goes on from there
-- at half speed. It never goes back as long as the wall clock does not.
-- Returns a stamp. Reads replicate_state.
create or replace function bondreplicate.replicate_now()
returns timestamptz
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    select greatest(
        clock_timestamp(), s.floor + greatest(clock_timestamp() - s.floored_at, '0') / 2
    )
    from bondreplicate.replicate_state as s
$$;
comment on function bondreplicate.replicate_now() is 'the hybrid logical clock of this site';
