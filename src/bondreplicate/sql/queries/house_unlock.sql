select pg_advisory_unlock_shared(1651469924, 4)
