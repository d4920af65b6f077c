-- Sites whose changes wait here, and that will not send a batch with which they are tried again:
-- they are not listed any more, or not enabled. Their tables are known by name from now on.
with told as (
    update bondreplicate.replicate_parked as p
    set origin_tab = null, key_numbers = null, layout = null
    where
        (p.origin_tab is not null or p.key_numbers is not null or p.layout is not null)
        and not exists (
            select from bondreplicate.replicate_hosts as h where h.site = p.source and h.enabled
        )
)
select o.site, o.incarnation::text as incarnation, o.position::text as position, o.seen as vector,
    o.proof
from bondreplicate.replicate_position as o
where
    exists (select from bondreplicate.replicate_parked as p where p.source = o.site)
    and not exists (
        select from bondreplicate.replicate_hosts as h where h.site = o.site and h.enabled
    )
