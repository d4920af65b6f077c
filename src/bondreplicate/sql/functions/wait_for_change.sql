-- Sleeps at the server until another snapshot than `known` can be taken, that is until a
-- transaction somewhere in the cluster has begun to write or has ended; at most limit_s seconds.
-- Looks after pause_s, and each time after a fifth more than before, up to pause_max_s: what
-- follows a commit at once is seen at once, and the last of many is not followed by hundreds of
-- looks. Returns the snapshot. Looking costs a few microseconds and no round trip. Takes no lock.
create or replace function bondreplicate.wait_for_change(
    known pg_snapshot, pause_s double precision, pause_max_s double precision,
    limit_s double precision
)
returns pg_snapshot
language plpgsql
volatile
set search_path = pg_catalog, pg_temp
as $$
declare
    until constant timestamptz := clock_timestamp() + limit_s * interval '1 second';
    now_here pg_snapshot := pg_current_snapshot();
begin
    while now_here::text = known::text and clock_timestamp() < until loop
        perform pg_sleep(pause_s);
        pause_s := least(pause_s * 1.2, pause_max_s);
        now_here := pg_current_snapshot();
    end loop;
    return now_here;
end
$$;
comment on function bondreplicate.wait_for_change(
    pg_snapshot, double precision, double precision, double precision
) is
'sleeps until something was committed';
