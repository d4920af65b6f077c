-- Sees to it that stamps made here never go back, whatever the wall clock
-- does: where it was set back, stamps anew what has stamps of then, and
-- raises the floor. Else notes in replicate_clock how far stamps have got.
-- Call it before the transaction has written anything; one that has only mends. READ COMMITTED.
-- Locks: advisory. Errors: none of its own. Returns entries stamped anew.
create or replace function bondreplicate.keep_clock()
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    held record;
    seen record;
    done bigint := 0;
    forever constant xid8 := '9223372036854775807';
    fresh constant boolean := pg_current_xact_id_if_assigned() is null;
begin
    perform pg_advisory_xact_lock(1651469924, 2);
    select c.stamp, c.xid, c.snapshot, c.step_until into held
    from bondreplicate.replicate_clock as c;
    -- In one statement, because stamp and snapshot belong together.
    select pg_current_snapshot() as snapshot,
        greatest(
            held.stamp, max(l.stamp) filter (where l.site = s.site), bondreplicate.replicate_now()
        ) as top,
        held.xid = '0' or bool_or(not pg_visible_in_snapshot(l.xid, held.snapshot)) as news,
        bondreplicate.replicate_now() < held.stamp
            or bondreplicate.clock_went_back(s.site, '1:1:') as went_back
    into seen
    from bondreplicate.replicate_state as s
    left join bondreplicate.replicate_log as l
        on l.source = s.site and l.xid >= pg_snapshot_xmin(held.snapshot)
    group by s.site;
    if seen.went_back then
        done := bondreplicate.stamp_anew(seen.top);
        update bondreplicate.replicate_clock as c
        set steps = c.steps + 1, stepped_at = clock_timestamp(), step_until = forever,
            step_stamp = case when held.step_until is null then c.stamp else c.step_stamp end,
            step_xid = case when held.step_until is null then c.xid else c.step_xid end;
    elsif fresh and held.step_until = forever then
        -- The floor is raised for all to see; only what
        -- is under way now may have read the one before.
        update bondreplicate.replicate_clock set step_until = pg_current_xact_id();
    elsif pg_snapshot_xmin(seen.snapshot) > held.step_until then
        update bondreplicate.replicate_clock
        set step_stamp = 'epoch', step_xid = '0', step_until = null;
    end if;
    -- The transaction gets its number here, after stamps
    -- were looked at: younger ones make later stamps.
    if fresh and (seen.went_back or seen.news) then
        update bondreplicate.replicate_clock
        set stamp = seen.top, xid = pg_current_xact_id(), snapshot = seen.snapshot;
    end if;
    return done;
end
$$;
comment on function bondreplicate.keep_clock() is 'keeps stamps from going back';
