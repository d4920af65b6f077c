-- Other sites refuse what is stamped too far ahead of their clocks (BR020), and this site's clock
-- was wrong and is right again: what was made here meanwhile gets stamps of now, in the same order,
-- and the logical clock goes back to there. Nobody has these changes; where a site has taken one
-- (its limit is higher), or the clock here is still ahead, nothing is done.
-- Locks: advisory, as keep_clock(). Returns entries stamped anew.
create or replace function bondreplicate.stamp_back(ahead_max interval)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    me smallint;
    too_far constant timestamptz := clock_timestamp() + ahead_max;
    base timestamptz;
    done bigint;
begin
    perform pg_advisory_xact_lock(1651469924, 2);
    select s.site into me from bondreplicate.replicate_state as s;
    if exists (
        select from bondreplicate.replicate_log as l
        cross join bondreplicate.replicate_position as p
        where l.source = me and l.stamp > too_far and p.site <> me
            and pg_visible_in_snapshot(l.xid, bondreplicate.position_in(p.seen, me))
    ) then
        return 0;
    end if;
    -- Above what lost here meanwhile against stamps of the future: where it was made, it stands.
    select greatest(clock_timestamp(), max(m.stamp)) into base
    from (
        select l.stamp from bondreplicate.replicate_log as l
        union all select e.loser_stamp from bondreplicate.replicate_error as e
    ) as m (stamp)
    where m.stamp <= too_far;
    with ahead as materialized (
        select l.tableoid as part, l.ctid as place, dense_rank() over (order by l.stamp) as nth
        from bondreplicate.replicate_log as l where l.source = me and l.stamp > too_far
    )
    update bondreplicate.replicate_log as l
    set stamp = base + a.nth * interval '1 microsecond', xid = pg_current_xact_id()
    from ahead as a where l.tableoid = a.part and l.ctid = a.place;
    get diagnostics done = row_count;
    if done > 0 then
        base := base + (done + 1) * interval '1 microsecond';
        update bondreplicate.replicate_state set floor = base, floored_at = clock_timestamp();
        update bondreplicate.replicate_clock
        set stamp = base, xid = pg_current_xact_id(), snapshot = pg_current_snapshot(),
            step_stamp = 'epoch', step_xid = '0', step_until = null, steps = steps + 1,
            stepped_at = clock_timestamp();
    end if;
    return done;
end
$$;
comment on function bondreplicate.stamp_back(interval) is
'stamps anew what a clock that was ahead has stamped';
