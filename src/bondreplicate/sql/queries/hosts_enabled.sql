select site, name, dsn from bondreplicate.replicate_hosts where enabled order by site
