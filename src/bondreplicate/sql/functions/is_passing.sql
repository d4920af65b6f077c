-- Whether changes that were applied from other sites are still needed by changes made here: one
-- that was under way when they were applied, and that not every other site is known to have. It may
-- stand here beside a delete of its row that has the higher version, goes out with that version,
-- and would lose to it elsewhere without.
-- which: condition on `l`, the entries. known: site to vector, for every other enabled site.
create or replace function bondreplicate.is_passing(which text, known jsonb)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    me smallint;
    oldest xid8;
    needed boolean;
begin
    select s.site into me from bondreplicate.replicate_state as s;
    select min(o.xid) into oldest
    from jsonb_each(known) as k (site, seen)
    cross join lateral (select bondreplicate.position_in(k.seen, me) as has offset 0) as p
    join bondreplicate.replicate_log as o
        on o.source = me and o.xid >= pg_snapshot_xmin(p.has)
        and not pg_visible_in_snapshot(o.xid, p.has);
    execute format($q$
        select exists (
            select from bondreplicate.replicate_log as l
            where %s and l.source <> $1 and l.xid > $2
        )
    $q$, which) into needed using me, oldest;
    return needed;
end
$$;
comment on function bondreplicate.is_passing(text, jsonb) is
'whether changes made here need entries of the log that they have passed';
