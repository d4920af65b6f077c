-- Take a site out of the mesh, as this site knows it.
delete from bondreplicate.replicate_hosts
where site = %(site)s::numeric
