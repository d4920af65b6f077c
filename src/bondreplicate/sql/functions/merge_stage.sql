-- Merges everything staged, mending and parking until the constraints hold.
-- Returns conflicts logged by version. Each try runs in a subtransaction:
-- what a failed try wrote is undone, what it taught changes the stage.
create or replace function bondreplicate.merge_stage(origin smallint, me smallint, seen jsonb)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    before pg_snapshot;
    tab integer;
    careful boolean := false;
    conflicts bigint := 0;
    more bigint;
    orphans jsonb;
    orphan jsonb;
    why text;
    late text;
begin
    select c.before, c.conflicts into before, conflicts
    from bondreplicate.contest_stage(origin, me, seen) as c;
    -- What step_aside() goes back to; only where it may be called for.
    insert into pg_temp.bond_kept
    select s.* from pg_temp.bond_stage as s
    where exists (select from pg_temp.bond_batch as b where b.impatient or b.waiting);
    for attempt in 1..200 loop
        begin
            for tab in select distinct s.tab from pg_temp.bond_stage as s order by 1 loop
                execute format('select pg_temp.truncate_%s($1, $2)', tab) into more using me, seen;
                conflicts := conflicts + more;
                execute format('select pg_temp.merge_%s($1, $2, $3, $4, null)', tab)
                using origin, me, before, careful;
            end loop;
            perform bondreplicate.check_late();
            orphans := '[]';
            for tab in select distinct s.tab from pg_temp.bond_stage as s order by 1 loop
                execute format('select $1 || pg_temp.orphans_%s()', tab) into orphans using orphans;
            end loop;
            if orphans = '[]' then
                return conflicts;
            end if;
            raise exception using errcode = 'BR030', message = 'rows without parent';
        exception
            when sqlstate 'BR030' then
                -- Parents first: one that stays, stays for all its children.
                for orphan in
                    select o.one from jsonb_array_elements(orphans) as o (one)
                    order by o.one ? 'parent_vals' desc
                loop
                    perform bondreplicate.mend_orphan(origin, me, orphan);
                end loop;
            when sqlstate 'BR034' then
                get stacked diagnostics why = message_text, late = table_name;
                if not bondreplicate.mend_clashes(origin, me, late::integer) then
                    raise serialization_failure using message = why;
                end if;
            when unique_violation or exclusion_violation then
                get stacked diagnostics why = message_text;
                if not bondreplicate.mend_clashes(origin, me, tab) and careful then
                    raise serialization_failure using message = why;
                end if;
                careful := true;
            when lock_not_available then
                if not bondreplicate.step_aside(origin, tab, sqlerrm) then
                    raise;
                end if;
            when data_exception or integrity_constraint_violation or raise_exception
                or syntax_error_or_access_rule_violation then
                get stacked diagnostics why = message_text;
                perform bondreplicate.park_culprits(origin, me, tab, before, careful, why);
        end;
    end loop;
    raise exception using errcode = 'BR031',
        message = format('repairs of a batch from site %s do not end', origin);
end
$$;
comment on function bondreplicate.merge_stage(smallint, smallint, jsonb) is
'merges the stage, mending and parking until constraints hold';
