select pg_try_advisory_lock(1651469924, 3)
