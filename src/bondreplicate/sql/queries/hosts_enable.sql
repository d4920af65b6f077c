-- Switch sending to a site, and keeping for it, on or off.
update bondreplicate.replicate_hosts
set enabled = %(enabled)s::boolean
where site = %(site)s::numeric
