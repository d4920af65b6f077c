-- Tables that cannot be read here, and the sites that are not sent their changes for that.
select t.schema_name || '.' || t.table_name as name, min(u.reason) as reason,
    string_agg(u.site::text, ', ' order by u.site) as sites
from bondreplicate.replicate_unread as u
join bondreplicate.replicate_tables as t on t.id = u.tab and t.active
join bondreplicate.replicate_hosts as h on h.site = u.site
group by t.schema_name, t.table_name
order by 1
