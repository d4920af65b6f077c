-- Gives the entries that have stamps of a clock that was set back new ones above `top`, in their
-- order; they count as written now, so that they are sent, again if need be. Raises the floor above
-- them. Returns how many there were.
create or replace function bondreplicate.stamp_anew(top timestamptz)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    me smallint;
    c record;
    done bigint;
    places bigint;
begin
    select s.site into me from bondreplicate.replicate_state as s;
    select k.stamp, k.xid, k.step_stamp, k.step_xid into c from bondreplicate.replicate_clock as k;
    with late as materialized (
        select l.tableoid as part, l.ctid as place,
            dense_rank() over (order by l.xid, l.stamp) as nth
        from bondreplicate.replicate_log as l
        where l.source = me and l.repair = 0 and l.origin_xid is null
            and l.xid > least(c.xid, c.step_xid)
            and (
                l.xid > c.xid and l.stamp < c.stamp
                or l.xid > c.step_xid and l.stamp < c.step_stamp
            )
    ),
    stamped as (
        update bondreplicate.replicate_log as l
        set stamp = top + late.nth * interval '1 microsecond', xid = pg_current_xact_id()
        from late
        where l.tableoid = late.part and l.ctid = late.place
        returning late.nth
    )
    select count(*), coalesce(max(t.nth), 0) into done, places from stamped as t;
    update bondreplicate.replicate_state
    set floor = greatest(floor, top + (places + 1) * interval '1 microsecond'),
        floored_at = clock_timestamp();
    return done;
end
$$;
comment on function bondreplicate.stamp_anew(timestamptz) is
'stamps anew what has stamps of a clock that was set back';
