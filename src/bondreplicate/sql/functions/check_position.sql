-- Locks the stored position of an origin and refuses a batch
-- that does not start there, so that each is applied once. proof_held: the mark that its origin
-- believes to be here; a clone of the origin, or a session that another one has replaced, has not
-- left the one that is.
create or replace function bondreplicate.check_position(
    origin smallint, origin_incarnation uuid, since pg_snapshot, upto pg_snapshot,
    proof_held text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    held record;
begin
    if exists (
        select from bondreplicate.replicate_state as s where s.went_down_at is not null
    ) then
        -- A user could write over what is applied now, uncaptured, and no version would tell.
        raise exception using errcode = 'BR012',
            message = 'replication is down there: changes wait until bondreplicate starts again';
    end if;
    -- A batch that brings nothing is this site's own: what waits of a site that left is tried.
    if since::text is distinct from upto::text and not exists (
        select from bondreplicate.replicate_hosts as h where h.site = origin
    ) then
        raise exception using errcode = 'BR013',
            message = format('site %s is not listed in replicate_hosts there', origin),
            hint = 'list it there, or remove that site here, if it has left the mesh';
    end if;
    insert into bondreplicate.replicate_position (site, forgotten)
    values (origin, bondreplicate.forgotten_here()) on conflict do nothing;
    select p.position, p.incarnation, p.proof into held
    from bondreplicate.replicate_position as p where p.site = origin for update;
    if held.incarnation <> origin_incarnation then
        raise exception using errcode = 'BR011',
            message = format(
                'site %s is not the database that it was: it was restored, copied or replaced',
                origin
            );
    end if;
    if held.position::text is distinct from since::text then
        raise exception using errcode = 'BR010',
            message = format(
                'the batch from site %s starts at %s, but %s has been applied',
                origin, since, held.position
            );
    end if;
    if held.proof is distinct from proof_held then
        raise exception using errcode = 'BR010',
            message = format('another session of site %s has sent a batch meanwhile', origin);
    end if;
end
$$;
comment on function bondreplicate.check_position(
    smallint, uuid, pg_snapshot, pg_snapshot, text
) is
'refuses a batch that starts elsewhere, or comes from a site that is not listed, or while down';
