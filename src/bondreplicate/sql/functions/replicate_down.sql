-- Takes replication down: triggers and capture functions go, sequences are as they were, the schema
-- of the user is what it was before. What was not sent yet is kept and counted. Reads and writes
-- replicate_state, replicate_tables.
-- Waits until the daemon does not follow tables or sequences just now (advisory lock), and keeps
-- it from beginning: what is undone here would be done again. Waits for the batch that is being
-- applied; from then on batches are refused. The logical clock tells when it went down, so that
-- what users write meanwhile counts as later than all that was applied before.
-- Takes SHARE ROW EXCLUSIVE on every replicated table. Returns what it did, in words.
create or replace function public.replicate_down()
returns text
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    t record;
    tables integer := 0;
    unsent bigint;
begin
    perform pg_advisory_xact_lock(1651469924, 4);
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
        select c.oid::regclass as name, array_agg(g.tgname) as triggers
        from pg_trigger as g
        join pg_class as c on c.oid = g.tgrelid
        join pg_proc as f on f.oid = g.tgfoid
        join pg_namespace as n on n.oid = f.pronamespace
        where n.nspname = 'bondreplicate' and g.tgparentid = 0
        group by c.oid
    loop
        for i in 1..array_length(t.triggers, 1) loop
            execute format('drop trigger %I on %s', t.triggers[i], t.name);
        end loop;
        tables := tables + 1;
    end loop;
    for t in
        select f.proname from pg_proc as f join pg_namespace as n on n.oid = f.pronamespace
        where n.nspname = 'bondreplicate' and f.proname ~ '^capture_(columns_)?[0-9]+$'
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
        '%s unsent changes kept in bondreplicate.replicate_log',
        tables, unsent
    );
end
$$;
comment on function public.replicate_down() is
'takes replication down: releases tables, puts sequences back';
revoke all on function public.replicate_down() from public;
