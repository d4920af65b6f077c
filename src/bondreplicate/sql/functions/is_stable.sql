-- Whether every other enabled site is known, by its own stream, to have all that is in some entries
-- of the log: what was written here is visible in its position of this site; what came from
-- another site, in its position of that one. So for this site too: what a third site passed on
-- comes once more from its maker, and is known by its version then.
-- A site that was enabled since `known` was looked up may need them.
-- Whoever was at work when an entry was written may have to compare with it: it waits for them.
-- which: condition on `l`, the entries. known: site to vector, for every other enabled site;
-- a site that never sent anything has an empty vector.
create or replace function bondreplicate.is_stable(which text, known jsonb)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    unknown boolean;
begin
    execute format($q$
        select exists (
            select from bondreplicate.replicate_hosts as h
            cross join bondreplicate.replicate_state as s
            where h.enabled and h.site <> s.site and not $1 ? h.site::text
        ) or exists (
            select from bondreplicate.replicate_log as l
            where %1$s and l.xid >= pg_snapshot_xmin(pg_current_snapshot())
        ) or exists (
            select from bondreplicate.replicate_log as l
            cross join jsonb_each($1) as k (site, seen)
            where %1$s and k.site <> l.source::text
                and not pg_visible_in_snapshot(
                    coalesce(l.origin_xid, l.xid), bondreplicate.position_in(k.seen, l.source)
                )
        ) or exists (
            select from bondreplicate.replicate_log as l
            cross join bondreplicate.replicate_state as s
            join bondreplicate.replicate_hosts as h on h.site = l.source and h.enabled
            left join bondreplicate.replicate_position as p on p.site = l.source
            where %1$s and l.source <> s.site and l.origin_xid is not null
                and not coalesce(pg_visible_in_snapshot(l.origin_xid, p.position), false)
        )
    $q$, which) into unknown using known;
    return not unknown;
end
$$;
comment on function bondreplicate.is_stable(text, jsonb) is
'whether entries of the log may be forgotten';
