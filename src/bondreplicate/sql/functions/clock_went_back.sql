-- Whether changes made here, which the snapshot `unseen_by`
-- does not show, have stamps of a clock that was set back.
-- Cheap: looks at the newest entries of the log only. Reads replicate_clock, replicate_log.
create or replace function bondreplicate.clock_went_back(me smallint, unseen_by pg_snapshot)
returns boolean
language sql
volatile
set search_path = pg_catalog, pg_temp
as $$
    select exists (
        select from bondreplicate.replicate_clock as c
        cross join bondreplicate.replicate_log as l
        where l.source = me and l.repair = 0 and l.origin_xid is null
            and l.xid >= pg_snapshot_xmin(unseen_by)
            and l.xid > least(c.xid, case when c.step_until is not null then c.step_xid end)
            and (
                l.xid > c.xid and l.stamp < c.stamp
                or l.xid > c.step_xid and l.stamp < c.step_stamp
            )
    )
$$;
comment on function bondreplicate.clock_went_back(smallint, pg_snapshot) is
'whether changes have stamps of a clock that was set back';
