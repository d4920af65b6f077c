-- A mark for the next batches, on disk before they are applied; nothing where another session of
-- this site has written one meanwhile. What the target has is one of the two, at every moment.
insert into bondreplicate.replicate_proof as p (site, held, token)
select %(site)s, %(held)s,
    coalesce(split_part(%(before)s, ':', 1)::bigint, 0) + 1 || ':' || gen_random_uuid()
from set_config('synchronous_commit', 'local', true)
on conflict (site) do update set held = excluded.held, token = excluded.token
where p.token is not distinct from %(before)s and p.refused is null
returning p.token
