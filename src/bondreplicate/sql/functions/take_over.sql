-- What came from a site that is not listed any more counts as made here from now on, version and
-- all: it is sent to the others, of which some may never have got it from that site.
-- Locks: the site's batch (advisory), so that no batch of that site is under way. Returns how many
-- entries it was.
create or replace function bondreplicate.take_over()
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    taken bigint;
begin
    perform pg_advisory_xact_lock(1651469924, 1);
    -- As rows from before they were captured have: the stamp says nothing of the clock here.
    update bondreplicate.replicate_log as l
    set source = s.site, xid = pg_current_xact_id(), origin_xid = pg_current_xact_id()
    from bondreplicate.replicate_state as s
    where l.source <> s.site
        and not exists (select from bondreplicate.replicate_hosts as h where h.site = l.source);
    get diagnostics taken = row_count;
    return taken;
end
$$;
comment on function bondreplicate.take_over() is
'sends on what came from sites that are not listed any more';
