-- At an origin: whether something made here, and
-- committed before a snapshot, has not got to a target.
select exists (
    select from bondreplicate.replicate_log
    where
        source = %(source)s::smallint
        and xid >= pg_snapshot_xmin(%(position)s::pg_snapshot)
        and not pg_visible_in_snapshot(xid, %(position)s::pg_snapshot)
        and pg_visible_in_snapshot(xid, %(before)s::pg_snapshot)
) as behind
