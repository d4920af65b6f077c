select pg_advisory_xact_lock(1651469924, 2)
