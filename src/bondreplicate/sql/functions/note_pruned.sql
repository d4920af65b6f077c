-- Notes the newest transaction of this site in entries of the log that are about to be
-- forgotten: a site whose position does not show it has missed something for good.
-- Writes replicate_state. which: condition on `l`, the entries.
create or replace function bondreplicate.note_pruned(which text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    newest xid8;
begin
    execute format($q$
        select l.xid from bondreplicate.replicate_log as l
        cross join bondreplicate.replicate_state as s
        where %s and l.source = s.site order by l.xid desc limit 1
    $q$, which) into newest;
    update bondreplicate.replicate_state as s set pruned_xid = newest
    where newest is not null and (s.pruned_xid is null or s.pruned_xid < newest);
end
$$;
comment on function bondreplicate.note_pruned(text) is
'notes what the log is about to forget';
