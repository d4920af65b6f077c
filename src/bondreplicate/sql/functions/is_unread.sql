-- Whether some entries of the log are of a table that cannot be read, and that a site which is
-- listed has not been sent: they are sent anew later, and compared with until then.
-- which: condition on `l`, the entries.
create or replace function bondreplicate.is_unread(which text)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    needed boolean;
begin
    if not exists (select from bondreplicate.replicate_unread) then
        return false;
    end if;
    execute format($q$
        select exists (
            select from bondreplicate.replicate_unread as u
            join bondreplicate.replicate_hosts as h on h.site = u.site
            join bondreplicate.replicate_tables as t on t.id = u.tab and t.active
            join bondreplicate.replicate_log as l on l.tab = u.tab
            where %s and not pg_visible_in_snapshot(l.xid, u.since)
        )
    $q$, which) into needed;
    return needed;
end
$$;
comment on function bondreplicate.is_unread(text) is
'whether entries of the log are of tables that cannot be read';
