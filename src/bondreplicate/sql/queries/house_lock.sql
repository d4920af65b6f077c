-- Keeps replicate_down() off while tables are followed and sequences aligned: what it
-- has undone would be done again. False where it is at work.
select pg_try_advisory_lock_shared(1651469924, 4)
