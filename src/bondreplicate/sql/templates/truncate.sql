-- A staged TRUNCATE of one table: removes every row older than it. Logs in replicate_error what
-- users here had changed without the origin having seen it: rows that went, and rows that are
-- later and stay. Returns conflicts logged.
create or replace function pg_temp.{function}(me smallint, batch_seen jsonb)
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
    kept as (
        select distinct on (l.key) l.key, l.stamp, l.site, l.repair, {vals} as vals
        from bondreplicate.replicate_log as l
        join only {table} as t on {key_equal_lt}
        cross join cut as s
        where l.tab = {tab} and l.source = me and not pg_visible_in_snapshot(l.xid, s.seen)
            and (l.stamp, l.site, l.repair) > (s.stamp, s.site, s.repair)
        order by l.key, l.stamp desc
    ),
    won as (
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
            winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair
        )
        select me, {schema_name}, {table_name}, k.key, 'concurrent', 'the later version stays',
            'the row changed here is later than the TRUNCATE and stays', {columns}, k.stamp,
            k.site, k.repair, k.vals, s.stamp, s.site, s.repair
        from kept as k cross join cut as s
        on conflict do nothing
        returning 1
    ),
    unseen as materialized (
        select distinct on (o.key) o.key, o.hash, o.vals, l.stamp, l.site, l.repair
        from old as o
        join bondreplicate.replicate_log as l on l.tab = {tab} and l.hash = o.hash and l.key = o.key
        cross join cut as s
        where l.source = me and not pg_visible_in_snapshot(l.xid, s.seen)
        order by o.key, l.stamp desc
    ),
    sent as ( -- The origin may have forgotten a TRUNCATE that waited here, and take the rows.
        insert into bondreplicate.replicate_log (
            xid, stamp, hash, tab, site, repair, source, part, key
        )
        select pg_current_xact_id(), s.stamp, u.hash, {tab}, s.site, s.repair + 1, me, p.part, u.key
        from unseen as u cross join cut as s cross join bondreplicate.replicate_state as p
        where s.waited
    ),
    logged as (
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
            winner_site, winner_repair, loser_stamp, loser_site, loser_repair, loser_row
        )
        select me, {schema_name}, {table_name}, u.key, 'truncate',
            'the later version stays', 'the row changed here was removed by a later TRUNCATE',
            {columns}, s.stamp, s.site, s.repair, u.stamp, u.site, u.repair, u.vals
        from unseen as u cross join cut as s
        on conflict do nothing
        returning 1
    )
    select (select count(*) from logged) + (select count(*) from won) into conflicts;
    return conflicts;
end
$truncate$
