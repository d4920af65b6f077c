-- What the log has forgotten by now: its newest transaction, and the positions (of this site) that
-- other sites are known to have reached, of those that have missed nothing of it. Null: nothing.
create or replace function bondreplicate.forgotten_here()
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
select jsonb_build_object('newest', s.pruned_xid, 'known', (
    select coalesce(jsonb_agg(p.seen -> s.site::text), '[]')
    from bondreplicate.replicate_position as p
    where p.missed = '{}' and p.seen ? s.site::text
))
from bondreplicate.replicate_state as s
where s.pruned_xid is not null
$$;
comment on function bondreplicate.forgotten_here() is
'what the log has forgotten by now, and who has it';
