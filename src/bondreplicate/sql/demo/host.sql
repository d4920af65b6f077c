-- A line of replicate_hosts.
insert into bondreplicate.replicate_hosts (site, name, dsn) values (%(site)s, %(name)s, %(dsn)s)
