-- In a copy: of the site that it was copied from it holds all that was committed, so
-- at least what that site's log had forgotten by then.
insert into bondreplicate.replicate_position (site, copied_xid)
select s.site, coalesce(s.pruned_xid, '3'::xid8) from bondreplicate.replicate_state as s
on conflict (site) do update set copied_xid = excluded.copied_xid
