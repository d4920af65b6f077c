-- Notes what the log is about to forget: the newest transaction of this site, and for each other
-- site those that it is not known to have. What is forgotten has been seen by every enabled site;
-- so these are of sites that are disabled, or not listed any more. Whether a site is enabled just
-- now is not asked: that may have changed since its vector was looked at.
-- A site that stays away misses ever more: beyond a thousand ranges they are one, from first to
-- last. What a site is known to have by now is taken off.
-- Writes replicate_position, then replicate_state: in the order in which a batch locks them.
-- which: condition on `l`, the entries.
create or replace function bondreplicate.note_pruned(which text)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    me smallint;
    newest xid8;
    made int8multirange := '{}';
begin
    select s.site into me from bondreplicate.replicate_state as s;
    execute format($q$
        select l.xid from bondreplicate.replicate_log as l
        where %s and l.source = $1 order by l.xid desc limit 1
    $q$, which) into newest using me;
    if exists (
        select from bondreplicate.replicate_position as p
        full join bondreplicate.replicate_hosts as h on h.site = p.site
        where coalesce(p.site, h.site) <> me
            and newest >= pg_snapshot_xmin(bondreplicate.position_in(coalesce(p.seen, '{}'), me))
    ) then
        execute format($q$
            select coalesce(range_agg(int8range(d.xid, d.xid, '[]')), '{}') from (
                select distinct l.xid::text::bigint as xid from bondreplicate.replicate_log as l
                where %s and l.source = $1
            ) as d
        $q$, which) into made using me;
        insert into bondreplicate.replicate_position (site, forgotten)
        select h.site, bondreplicate.forgotten_here()
        from bondreplicate.replicate_hosts as h where h.site <> me
        on conflict do nothing;
    end if;
    update bondreplicate.replicate_position as p set missed = case
        when (select count(*) from unnest(n.missed)) > 1000
            then int8multirange(range_merge(n.missed))
        else n.missed
    end
    from (
        select q.site, (q.missed + made) * bondreplicate.unseen_in(
            bondreplicate.position_in(q.seen, me)
        ) as missed
        from bondreplicate.replicate_position as q
        where q.site <> me and (q.missed <> '{}' or made <> '{}')
    ) as n
    where p.site = n.site and p.missed <> n.missed;
    update bondreplicate.replicate_state as s set pruned_xid = newest
    where newest is not null and (s.pruned_xid is null or s.pruned_xid < newest);
end
$$;
comment on function bondreplicate.note_pruned(text) is
'notes what the log is about to forget';
