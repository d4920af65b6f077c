-- Whether a site tells of a change that came and one that is here, where the origin had not seen
-- the one that is here: by the makers of both, and by a third site as far as it can know. Its users
-- may write over what stayed here, and come to both makers before these have met: nobody else tells
-- then. What stays here, and came from another site, may have been made by one who had seen what
-- comes: not where the last batch of that site did not know it yet. If it did, that site has met
-- both before, and has told.
-- source: which site the change that is here came from; lost: it stays. maker, xid: who made the
-- one that comes, and in which transaction there.
create or replace function bondreplicate.is_told(
    me smallint, source smallint, lost boolean, maker smallint, xid xid8
)
returns boolean
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return source = me or not lost
        or not exists (
            select from bondreplicate.replicate_hosts as h
            where h.site = is_told.source and h.enabled
        )
        or not coalesce(pg_visible_in_snapshot(xid, bondreplicate.position_in((
            select p.seen from bondreplicate.replicate_position as p
            where p.site = is_told.source
        ), maker)), true);
end
$$;
comment on function bondreplicate.is_told(smallint, smallint, boolean, smallint, xid8) is
'whether a site tells of changes that met there';
