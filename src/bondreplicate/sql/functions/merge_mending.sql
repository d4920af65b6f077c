-- Merges everything staged, mending and parking until the constraints hold.
-- Returns conflicts logged by version. Each try runs in a subtransaction:
-- what a failed try wrote is undone, what it taught changes the stage.
-- Plans are made anew for many rows: those made for few, or for a table that
-- was empty, may take time with the square of the rows.
-- Errors: BR031 it does not end; its detail: the tables that are broken, an array.
create or replace function bondreplicate.merge_mending(
    origin smallint, me smallint, seen jsonb, before pg_snapshot
)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_variable
declare
    tab integer;
    careful boolean := false;
    conflicts bigint;
    more bigint;
    orphans jsonb;
    broken integer [];
    why text;
    at_schema text;
    at text;
    tries_max bigint := 200;
    many constant boolean := (select count(*) >= 2000 from pg_temp.bond_stage);
begin
    for try in 1..2147483647 loop
        if try > tries_max then
            tries_max := 200 + bondreplicate.count_mended(origin);
        end if;
        if try > tries_max then
            raise exception using errcode = 'BR031', detail = coalesce(broken, '{}')::text,
                message = format('repairs of a batch from site %s do not end', origin);
        end if;
        begin
            if many then
                discard plans;
            end if;
            conflicts := 0;
            orphans := '[]';
            for tab in select distinct s.tab from pg_temp.bond_stage as s order by 1 loop
                execute format('select pg_temp.truncate_%s($1, $2, $3)', tab)
                into more using origin, me, seen;
                conflicts := conflicts + more;
                execute format('select pg_temp.merge_%s($1, $2, $3, $4, null)', tab)
                using origin, me, before, careful;
            end loop;
            for tab in select distinct s.tab from pg_temp.bond_stage as s order by 1 loop
                perform bondreplicate.check_late(tab);
                execute format('select $1 || pg_temp.orphans_%s()', tab) into orphans using orphans;
            end loop;
            if orphans = '[]' then
                return conflicts;
            end if;
            raise exception using errcode = 'BR030', message = 'rows without parent';
        exception
            when sqlstate 'BR030' then
                perform bondreplicate.index_stage(0);
                broken := array(
                    select distinct (o.one ->> t.name)::integer
                    from jsonb_array_elements(orphans) as o (one)
                    cross join (values ('child_tab'), ('parent_tab')) as t (name)
                );
                perform bondreplicate.mend_orphans(origin, me, orphans);
            when sqlstate 'BR034' or unique_violation or exclusion_violation then
                get stacked diagnostics why = message_text,
                    at_schema = schema_name, at = table_name;
                perform bondreplicate.index_stage(0);
                broken := array[tab];
                if bondreplicate.mend_clashes(origin, me, tab, before, careful) then
                    null;
                elsif not (sqlstate = 'BR034' or bondreplicate.is_clash(tab, at_schema, at)) then
                    perform bondreplicate.park_culprits(origin, me, tab, before, careful, why);
                elsif careful or sqlstate = 'BR034' then
                    raise serialization_failure using message = why;
                end if;
                careful := careful or sqlstate <> 'BR034';
            when lock_not_available then
                if not bondreplicate.step_aside(origin, tab, sqlerrm) then
                    raise;
                end if;
            when others or assert_failure or query_canceled then
                if not bondreplicate.is_refusal(sqlstate) then
                    raise;
                end if;
                get stacked diagnostics why = message_text;
                perform bondreplicate.index_stage(0);
                broken := array[tab];
                perform bondreplicate.park_culprits(origin, me, tab, before, careful, why);
        end;
    end loop;
end
$$;
comment on function bondreplicate.merge_mending(smallint, smallint, jsonb, pg_snapshot) is
'merges the stage, mending and parking until constraints hold';
