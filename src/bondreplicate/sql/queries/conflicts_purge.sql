-- Removes some of the conflicts older than that, the oldest first; none that was found here and
-- that one of `positions` (site number to what that site has applied of this one) does not show.
with old as (
    select e.id
    from bondreplicate.replicate_error as e
    cross join bondreplicate.replicate_state as s
    where
        e.at < now() - make_interval(secs => %(age_s)s::double precision)
        and (
            e.source is distinct from s.site
            or not exists (
                select from jsonb_each_text(%(positions)s::jsonb) as p (site, position)
                where not pg_visible_in_snapshot(e.xid, p.position::pg_snapshot)
            )
        )
    order by e.id
    limit %(limit)s::bigint
)
delete from bondreplicate.replicate_error as e using old where e.id = old.id
