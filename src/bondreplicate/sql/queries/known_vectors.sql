-- For every other enabled site the vector that came with
-- its last batch; an empty one where none ever came.
select h.site, coalesce(p.seen, '{}') as seen
from bondreplicate.replicate_hosts as h
left join bondreplicate.replicate_position as p on p.site = h.site
where h.enabled and h.site <> %(me)s
