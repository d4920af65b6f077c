-- Locks the rows that are staged for one table where users have changed some that the origin has
-- not seen, so that they stand still while versions are compared;
-- where the table has counters, all of them: whoever moves a counter holds the row first.
create or replace function pg_temp.{function}(me smallint, seen jsonb)
returns void
language plpgsql
as $lock$
#variable_conflict use_variable
begin
    if {counted} or exists (
        select from pg_temp.bond_stage as s where s.tab = {tab} and s.seen is not null
    ) or exists (
        select from bondreplicate.replicate_log as l
        where l.source = me and l.tab = {tab}
            and l.xid >= pg_snapshot_xmin(bondreplicate.position_in(seen, me))
            and not pg_visible_in_snapshot(l.xid, bondreplicate.position_in(seen, me))
    ) then
        perform from only {table} as t
        join pg_temp.bond_stage as s on {key_equal_s}
        where s.tab = {tab}
        for no key update of t;
    end if;
end
$lock$
