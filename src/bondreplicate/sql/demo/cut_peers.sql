-- Ends the sessions in which other sites apply here; how many there were.
select count(pg_terminate_backend(a.pid)) as ended
from pg_stat_activity as a
where a.application_name like 'bondreplicate apply %'
