-- Take replication down at this site; what the function says.
select public.replicate_down()::text as told
