-- The sites of the mesh, as this site knows them.
select
    site,
    name,
    dsn,
    enabled
from bondreplicate.replicate_hosts
order by site
