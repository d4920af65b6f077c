-- What is committed here at this moment.
select pg_current_snapshot()::text as snapshot
