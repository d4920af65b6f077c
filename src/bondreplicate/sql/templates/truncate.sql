-- A staged TRUNCATE of one table: removes every row older than it. Logs in replicate_error what
-- had been changed without the origin having seen it: rows that went, and rows that are later and
-- stay. Returns conflicts logged.
create or replace function pg_temp.{function}(origin smallint, me smallint, batch_seen jsonb)
returns integer
language plpgsql
set enable_hashjoin = on
as $truncate$
#variable_conflict use_variable
declare
    conflicts integer := 0;
begin
    if not exists (select from pg_temp.bond_stage as s where s.tab = {tab} and s.key is null) then
        return 0;
    end if;
    lock table only {table} in share row exclusive mode;
    with cut as materialized (
        select s.stamp, s.site, s.repair, s.seen is not null as waited,
            bondreplicate.position_in(coalesce(s.seen, batch_seen), me) as seen
        from pg_temp.bond_stage as s
        where s.tab = {tab} and s.key is null
        order by s.stamp desc, s.site desc, s.repair desc limit 1
    ),
    old as (
        delete from only {table} as t using cut as s
        where not exists (
            select from bondreplicate.replicate_log as l
            where l.tab = {tab} and l.hash = {hash_t} and {key_equal_lt}
                and (l.stamp, l.site, l.repair) > (s.stamp, s.site, s.repair)
        )
        returning {key_text} as key, {hash_t} as hash, {vals} as vals, {pointed} as pointed
    ),
    removed as (
        insert into pg_temp.bond_removed (tab, key, vals, pointed)
        select {tab}, o.key, o.vals, o.pointed from old as o where {referenced}
    ),
    met as materialized (
        select m.* from bondreplicate.met_by_truncate(origin, me, {tab}, batch_seen) as m
    ),
    sent as ( -- The origin may have forgotten a TRUNCATE that waited here, and take the rows.
        insert into bondreplicate.replicate_log (
            xid, stamp, hash, tab, site, repair, source, part, key
        )
        select distinct pg_current_xact_id(), s.stamp, o.hash, {tab}, s.site, s.repair + 1, me,
            p.part, o.key
        from old as o
        join bondreplicate.replicate_log as l on l.tab = {tab} and l.hash = o.hash and l.key = o.key
        cross join cut as s cross join bondreplicate.replicate_state as p
        where s.waited and l.source = me and not pg_visible_in_snapshot(l.xid, s.seen)
    ),
    told as (
        select l.key, 'concurrent' as kind, 'the row is later than the TRUNCATE and stays' as what,
            l.stamp, l.site, l.repair, {vals} as stays, l.s_stamp, l.s_site, l.s_repair,
            null::text [] as lost
        from met as l join only {table} as t on {key_equal_lt}
        where l.stays
        union all
        select m.key, 'truncate', 'the row was removed by a later TRUNCATE', m.s_stamp, m.s_site,
            m.s_repair, null, m.stamp, m.site, m.repair, o.vals
        from old as o join met as m on m.hash = o.hash and m.key = o.key
        where not m.stays
    ),
    logged as (
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
            winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
        )
        select me, {schema_name}, {table_name}, c.key, c.kind, 'the later version stays', c.what,
            {columns}, c.stamp, c.site, c.repair, c.stays, c.s_stamp, c.s_site, c.s_repair, c.lost
        from told as c
        on conflict do nothing
        returning 1
    )
    select count(*) into conflicts from logged;
    return conflicts;
end
$truncate$
