-- Merges everything staged, mending and parking until the constraints hold. Where that does not
-- come to an end, the repairs are taken back, and all that is staged for the tables that are still
-- broken is parked: the rest goes on. Returns conflicts logged by version.
create or replace function bondreplicate.merge_stage(origin smallint, me smallint, seen jsonb)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    before pg_snapshot;
    conflicts bigint;
    broken integer [];
    why text;
begin
    select c.before, c.conflicts into before, conflicts
    from bondreplicate.contest_stage(origin, me, seen) as c;
    -- What step_aside() goes back to; only where it may be called for.
    insert into pg_temp.bond_kept
    select s.* from pg_temp.bond_stage as s
    where exists (select from pg_temp.bond_batch as b where b.impatient or b.waiting);
    loop
        begin
            return conflicts + bondreplicate.merge_mending(origin, me, seen, before);
        exception
            when sqlstate 'BR031' then
                get stacked diagnostics why = message_text, broken = pg_exception_detail;
                perform bondreplicate.park(origin, t.tab, null, why)
                from (select distinct s.tab from pg_temp.bond_stage as s) as t
                where t.tab = any (broken) or not exists (
                    select from pg_temp.bond_stage as s where s.tab = any (broken)
                );
                delete from pg_temp.bond_kept as k where not exists (
                    select from pg_temp.bond_stage as s where s.tab = k.tab
                );
        end;
    end loop;
end
$$;
comment on function bondreplicate.merge_stage(smallint, smallint, jsonb) is
'merges the stage, and parks what cannot be mended';
