-- Logs again, version and all, what a site was not sent of a table while that could not be read.
-- Returns how many entries.
create or replace function bondreplicate.send_unread(wanted_tab integer, wanted_site smallint)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    position pg_snapshot;
    sent bigint;
begin
    delete from bondreplicate.replicate_unread as u
    where u.tab = wanted_tab and u.site = wanted_site
    returning u.since into position;
    insert into bondreplicate.replicate_log (
        xid, origin_xid, stamp, hash, tab, site, repair, source, part, key, merged_into, changed
    )
    select pg_current_xact_id(), pg_current_xact_id(), l.stamp, l.hash, l.tab, l.site, l.repair,
        l.source, s.part, l.key, l.merged_into, l.changed
    from bondreplicate.replicate_log as l
    join bondreplicate.replicate_state as s on s.site = l.source
    where l.tab = wanted_tab and not pg_visible_in_snapshot(l.xid, position);
    get diagnostics sent = row_count;
    return sent;
end
$$;
comment on function bondreplicate.send_unread(integer, smallint) is
'logs again what was not sent of a table that could not be read';
