-- What every other enabled site is known, by its last batch, to have applied of this one.
select
    h.site,
    bondreplicate.position_in(p.seen, s.site)::text as position
from bondreplicate.replicate_state as s
cross join bondreplicate.replicate_hosts as h
left join bondreplicate.replicate_position as p on p.site = h.site
where h.enabled and h.site <> s.site
order by h.site
