-- Conflicts older than that are not taken from other sites again; where there are any here. In the
-- transaction of conflicts_purge.sql and before it, for batches lock in the same order.
update bondreplicate.replicate_state
set conflicts_purged = now() - make_interval(secs => %(age_s)s::double precision)
where
    coalesce(conflicts_purged, '-infinity')
    < now() - make_interval(secs => %(age_s)s::double precision)
    and exists (
        select from bondreplicate.replicate_error as e
        where e.at < now() - make_interval(secs => %(age_s)s::double precision)
    )
