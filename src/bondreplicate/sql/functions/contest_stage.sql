-- Compares everything staged with the versions remembered here; see templates/contest.sql.
-- A table whose staged keys cannot even be read as keys of the table here (other types) is
-- parked whole; single keys that cannot be read wait alone, or go, where they are only remembered.
-- before: snapshot after the rows were locked, for merge_<tab>() to tell what users changed since.
-- Returns conflicts logged.
create or replace function bondreplicate.contest_stage(
    origin smallint, me smallint, seen jsonb, out before pg_snapshot, out conflicts bigint
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    tab integer;
    more bigint;
    why text;
    known_of_me constant pg_snapshot := bondreplicate.position_in(seen, me);
begin
    -- Where users here have changed what the origin had not seen, rows may have to be mended.
    if exists (select from pg_temp.bond_stage as s where s.counters is not null) or exists (
        select from bondreplicate.replicate_log as l
        where l.source = me and l.xid >= pg_snapshot_xmin(known_of_me)
            and not pg_visible_in_snapshot(l.xid, known_of_me)
    ) then
        perform bondreplicate.index_stage(0);
    end if;
    perform bondreplicate.pass_own_rows(me);
    if (select b.truncates from pg_temp.bond_batch as b) then
        -- A TRUNCATE meets every key that is remembered of its table.
        perform bondreplicate.put_aside(t.tab)
        from (select distinct s.tab from pg_temp.bond_stage as s where s.key is null) as t;
    end if;
    loop
        begin
            conflicts := 0;
            for tab in select distinct s.tab from pg_temp.bond_stage as s order by 1 loop
                execute format('select pg_temp.waiting_%s()', tab);
                execute format($q$
                    select bondreplicate.park($1, %1$s, l.key, l.why)
                    from pg_temp.bond_batch as b
                    cross join lateral pg_temp.locked_%1$s(b.impatient) as l
                $q$, tab) using origin;
                execute format('select pg_temp.lock_%s($1, $2)', tab) using me, seen;
            end loop;
            before := pg_current_snapshot();
            for tab in select distinct s.tab from pg_temp.bond_stage as s order by 1 loop
                perform bondreplicate.join_counters(tab, me);
                execute format('select pg_temp.seeds_%s($1)', tab) into more using me;
                conflicts := conflicts + more;
                if (select c.policy from pg_temp.bond_shape as c where c.tab = tab) then
                    execute format('select pg_temp.prefer_%s($1, $2, $3)', tab)
                    into more using origin, me, seen;
                    conflicts := conflicts + more;
                end if;
                execute format('select pg_temp.contest_%s($1, $2, $3)', tab)
                into more using origin, me, seen;
                conflicts := conflicts + more;
            end loop;
            -- A row that has waited may be older than a TRUNCATE that has come since.
            delete from pg_temp.bond_stage as s using pg_temp.bond_stage as t
            where t.key is null and s.tab = t.tab and s.key is not null
                and (s.stamp, s.site, s.repair) < (t.stamp, t.site, t.repair);
            perform bondreplicate.stage_counters();
            return;
        exception
            when lock_not_available then
                if not bondreplicate.step_aside(origin, tab, sqlerrm) then
                    raise;
                end if;
            when others or assert_failure or query_canceled then
                if not bondreplicate.is_refusal(sqlstate) then
                    raise;
                end if;
                get stacked diagnostics why = message_text;
                if not bondreplicate.put_aside(tab)
                    and not bondreplicate.park_unread(origin, tab) then
                    perform bondreplicate.park(origin, tab, null, why);
                end if;
        end;
    end loop;
end
$$;
comment on function bondreplicate.contest_stage(smallint, smallint, jsonb) is
'compares the stage with the versions remembered here';
