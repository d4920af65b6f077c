-- As house_lock, at a start: waits until replicate_down() has ended.
select pg_advisory_lock_shared(1651469924, 4)
