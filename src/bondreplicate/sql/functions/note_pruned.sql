-- Notes the newest transaction of this site in a part of the log that is about to be
-- forgotten: a site whose position does not show it has missed something for good.
-- Writes replicate_state.
create or replace function bondreplicate.note_pruned(part smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    newest xid8;
begin
    execute format($q$
        select l.xid from bondreplicate.replicate_log_%s as l
        cross join bondreplicate.replicate_state as s
        where l.source = s.site order by l.xid desc limit 1
    $q$, part) into newest;
    update bondreplicate.replicate_state as s set pruned_xid = newest
    where newest is not null and (s.pruned_xid is null or s.pruned_xid < newest);
end
$$;
comment on function bondreplicate.note_pruned(smallint) is
'notes what the log is about to forget';
