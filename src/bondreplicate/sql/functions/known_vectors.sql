-- For each site that needs what the log keeps, the vector that came with its last batch, an empty
-- one where none ever came: every other enabled site, and those that are still being served.
create or replace function bondreplicate.known_vectors(served smallint [])
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select coalesce(jsonb_object_agg(n.site, coalesce(p.seen, '{}')), '{}')
from (
    select h.site from bondreplicate.replicate_hosts as h where h.enabled
    union select unnest(served)
) as n
left join bondreplicate.replicate_position as p on p.site = n.site
where n.site <> (select s.site from bondreplicate.replicate_state as s)
$$;
comment on function bondreplicate.known_vectors(smallint []) is
'what every site that needs the log is known to have';
