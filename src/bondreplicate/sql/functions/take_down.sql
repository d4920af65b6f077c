-- The work of replicate_down(), all of it or nothing. The logical clock tells when it went down, so
-- that what users write meanwhile counts as later than all that was applied before.
-- Takes ACCESS EXCLUSIVE on every replicated table, first, and then the batch lock: a batch that is
-- being applied may wait for one of the tables, and others would wait for it. From then on batches
-- are refused. Returns what it did, in words. Errors: 55P03 somebody is in the way.
create or replace function bondreplicate.take_down()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    t record;
    tables integer := 0;
    unsent bigint;
begin
    for t in
        select c.oid::regclass as name from pg_class as c
        where c.oid in (
            select g.tgrelid from pg_trigger as g
            join pg_proc as f on f.oid = g.tgfoid
            join pg_namespace as n on n.oid = f.pronamespace
            where n.nspname = 'bondreplicate' and g.tgparentid = 0
        )
        order by c.oid
    loop
        begin
            execute format('lock table %s in access exclusive mode', t.name);
        exception
            when lock_not_available or deadlock_detected then
                raise lock_not_available using message = format('%s is locked', t.name);
        end;
        tables := tables + 1;
    end loop;
    perform pg_advisory_xact_lock(1651469924, 1);
    select count(*) into unsent
    from bondreplicate.replicate_log as l
    cross join bondreplicate.replicate_state as s
    where l.source = s.site and exists (
        select from bondreplicate.replicate_hosts as h
        left join bondreplicate.replicate_position as p on p.site = h.site
        where h.enabled and h.site <> s.site
            and not pg_visible_in_snapshot(l.xid, bondreplicate.position_in(p.seen, s.site))
    );
    for t in
        select g.tgrelid::regclass as name, g.tgname from pg_trigger as g
        join pg_proc as f on f.oid = g.tgfoid
        join pg_namespace as n on n.oid = f.pronamespace
        where n.nspname = 'bondreplicate' and g.tgparentid = 0
    loop
        execute format('drop trigger %I on %s', t.tgname, t.name);
    end loop;
    for t in
        select f.proname from pg_proc as f join pg_namespace as n on n.oid = f.pronamespace
        where n.nspname = 'bondreplicate' and f.proname ~ '^capture_(columns_|counters_)?[0-9]+$'
    loop
        execute format('drop function bondreplicate.%I()', t.proname);
    end loop;
    perform bondreplicate.restore_sequences();
    update bondreplicate.replicate_tables as r
    set active = false, shape = null, owed = true, triggers = null,
        reason = case when r.owed then r.reason else 'replication is down' end,
        gap_stamp = coalesce(r.gap_stamp, bondreplicate.replicate_now()),
        gap_xid = coalesce(r.gap_xid, pg_snapshot_xmin(pg_current_snapshot()))
    where r.active;
    update bondreplicate.replicate_state
    set went_down_at = bondreplicate.replicate_now(), unsent_when_down = unsent
    where site is not null and went_down_at is null;
    return format(
        'replication is down: %s tables released, '
        '%s unsent changes kept in bondreplicate.replicate_log', tables, unsent
    );
end
$$;
comment on function bondreplicate.take_down() is 'the work of replicate_down()';
