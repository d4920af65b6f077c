-- Tables whose changes a site is not sent, because they cannot be read here. Where the site holds
-- less than it held then (it was rejoined), more of them is to be sent.
update bondreplicate.replicate_unread as u
set since = case
    when pg_snapshot_xmin(p.position) <= pg_snapshot_xmin(u.since) then format(
        '%%1$s:%%1$s:', pg_snapshot_xmin(p.position)
    )::pg_snapshot
    else u.since
end
from (select %(position)s::pg_snapshot as position) as p
where u.site = %(site)s
returning u.tab, u.since::text as since, u.reason
