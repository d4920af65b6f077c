-- Add a site; no row where the number, the name or the address is taken.
insert into bondreplicate.replicate_hosts (site, name, dsn, enabled)
select
    %(site)s::smallint,
    %(name)s::text,
    %(dsn)s::text,
    %(enabled)s::boolean
where not exists (
    select from bondreplicate.replicate_hosts as h
    where h.site = %(site)s::smallint or h.name = %(name)s::text or h.dsn = %(dsn)s::text
)
returning site
