-- Applies what lies in pg_temp.bond_stage and moves the position of `origin` from `since` to
-- `upto`, in the caller's transaction. Rows that cannot be applied are parked; broken constraints
-- are repaired; nothing stops the rest. impatient: rows that others keep locked wait alone.
-- stubborn: so do those with errors that otherwise end the batch, to be tried again.
-- Locks: one batch at a time per site (advisory), the rows it changes, their parents.
-- The session needs pg_temp functions for every table staged (templates/*.sql) and
-- session_replication_role = replica.
-- Errors: BR010 start is not the stored position; BR011 other incarnation; BR020 stamp too far
-- ahead; BR035 tables are others than the session knows; 40001 try again.
create or replace function bondreplicate.apply_batch(
    origin smallint, origin_incarnation uuid, since pg_snapshot, upto pg_snapshot,
    seen jsonb, aside jsonb, entries bigint, revision bigint, proof_held text, proof text,
    impatient boolean, stubborn boolean, ahead_max interval,
    out rows_applied bigint, out conflicts bigint, out parked bigint
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    me smallint;
    newest timestamptz;
    oldest timestamptz;
    patience constant text := current_setting('lock_timeout');
begin
    -- Another link's batch may take minutes: it is no reason to give way.
    perform set_config('lock_timeout', '0', true);
    perform pg_advisory_xact_lock(1651469924, 1);
    perform set_config('lock_timeout', patience, true);
    perform bondreplicate.check_position(
        origin, origin_incarnation, since, upto, proof_held
    );
    perform set_config('bondreplicate.stubborn', case when stubborn then 'on' else '' end, true);
    select s.site into me from bondreplicate.replicate_state as s;
    if bondreplicate.clock_went_back(me, bondreplicate.position_in(seen, me)) then
        perform bondreplicate.keep_clock();
    end if;
    -- Conflicts travel as tab 0: they are told by the wall clock.
    select count(*), max(s.stamp) filter (where s.tab <> 0),
        min(s.stamp) filter (where s.tab <> 0 and s.stamp > '2001-01-01')
    into rows_applied, newest, oldest
    from pg_temp.bond_stage as s;
    if newest is not null then
        perform bondreplicate.raise_floor(newest, ahead_max);
    end if;
    insert into pg_temp.bond_batch (seen, impatient, patience)
    values (apply_batch.seen, apply_batch.impatient, patience);
    insert into pg_temp.bond_aside (tab, key)
    select c.tab, bondreplicate.texts_of(a.one -> 2)
    from jsonb_array_elements(aside) as a (one)
    join pg_temp.bond_shape as c
        on c.schema_name = a.one ->> 0 and c.table_name = a.one ->> 1 and c.held is null;
    -- What could not be read here, and so was not sent, it has not seen either.
    insert into pg_temp.bond_aside (tab, key)
    select l.tab, l.key
    from bondreplicate.replicate_unread as u
    join bondreplicate.replicate_log as l on l.tab = u.tab and l.source = me
    where u.site = origin and l.key is not null and not pg_visible_in_snapshot(l.xid, u.since);
    perform bondreplicate.unpark(origin);
    update pg_temp.bond_batch
    set waiting = exists (select from pg_temp.bond_stage as s where s.seen is not null),
        truncates = exists (select from pg_temp.bond_stage as s where s.key is null);
    if exists (select from pg_temp.bond_batch as b where b.impatient or b.waiting) then
        perform set_config('lock_timeout', '50ms', true);
    end if;
    perform bondreplicate.take_errors(origin);
    perform bondreplicate.check_tables(origin, revision);
    conflicts := bondreplicate.merge_stage(origin, me, seen);
    if to_regclass('pg_temp.bond_stage_key') is not null then
        drop index pg_temp.bond_stage_key;
    end if;
    delete from bondreplicate.replicate_parked as p using pg_temp.bond_due as k
    where p.source = origin and p.tried_by <> pg_current_xact_id()
        and k.id = p.id;
    delete from bondreplicate.replicate_parked as p using pg_temp.bond_joined as k
    where p.tried_by <> pg_current_xact_id() and k.id = p.id;
    update bondreplicate.replicate_position as p
    set position = upto, seen = apply_batch.seen, incarnation = origin_incarnation,
        applied_at = clock_timestamp(), batches = p.batches + 1, rows = p.rows + rows_applied,
        entries = p.entries + apply_batch.entries, proof = apply_batch.proof,
        parked_there = array(
            select distinct format('%I.%I', a.one ->> 0, a.one ->> 1)
            from jsonb_array_elements(aside) as a (one) order by 1
        ),
        lag_s = coalesce(extract(epoch from clock_timestamp() - oldest), p.lag_s)
    where p.site = origin;
    select count(*) into parked from bondreplicate.replicate_parked as p where p.source = origin;
end
$$;
comment on function bondreplicate.apply_batch(
    smallint, uuid, pg_snapshot, pg_snapshot, jsonb, jsonb, bigint, bigint, text, text, boolean,
    boolean, interval
) is
'applies the staged batch of an origin';
