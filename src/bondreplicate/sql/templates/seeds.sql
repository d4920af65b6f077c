-- Rows that the origin sends because it has only begun, or begun again, to capture the table: they
-- are older than any other. Where another row of that key is here whose version is forgotten, or a
-- later version, which the origin was perhaps not sent while it had the table disabled, that one
-- stays, and goes to the other sites as a repair. Returns conflicts logged.
create or replace function pg_temp.{function}(me smallint)
returns integer
language plpgsql
as $seeds$
#variable_conflict use_variable
declare
    conflicts integer;
begin
    if not exists (
        select from pg_temp.bond_stage as s
        where s.tab = {tab} and s.stamp <= {before_any} and s.repair = 0
    ) then
        return 0;
    end if;
    with met as materialized (
        select s.ctid as place, s.key, s.stamp, s.site, s.vals, {vals_or_null} as here,
            m.stamp as m_stamp, m.site as m_site, m.repair as m_repair
        from pg_temp.bond_stage as s
        left join only {table} as t on {key_equal_s}
        left join lateral (
            select l.stamp, l.site, l.repair
            from bondreplicate.replicate_log as l
            where l.tab = {tab} and l.hash in ({hash_s}, {tab}) and (l.key is null or {key_equal_l})
            order by l.stamp desc, l.site desc, l.repair desc
            limit 1
        ) as m on true
        where s.tab = {tab} and s.stamp <= {before_any} and s.repair = 0 and s.key is not null
    ),
    kept as materialized (
        select m.place, m.key, m.stamp, m.site, m.vals, m.here,
            coalesce(m.m_stamp, m.stamp) as new_stamp, coalesce(m.m_site, m.site) as new_site,
            coalesce(m.m_repair, 0) + 1 as new_repair
        from met as m
        where m.vals is distinct from m.here
            and case
                when m.m_stamp is null then m.here is not null
                else m.m_stamp > {before_any}
            end
    ),
    logged as (
        insert into bondreplicate.replicate_error (
            source, schema_name, table_name, key, kind, rule, outcome, columns,
            winner_stamp, winner_site, winner_repair, winner_row,
            loser_stamp, loser_site, loser_repair, loser_row
        )
        select me, {schema_name}, {table_name}, k.key, 'concurrent',
            'a row from before its table was captured is older than any other',
            'the row that was here stays', {columns}, k.new_stamp, k.new_site, k.new_repair,
            k.here, k.stamp, k.site, 0, k.vals
        from kept as k
        on conflict do nothing
        returning 1
    ),
    stayed as (
        update pg_temp.bond_stage as s
        set vals = k.here, gone = k.here is null, stamp = k.new_stamp, site = k.new_site,
            repair = k.new_repair, mine = true, cells = null
        from kept as k where s.ctid = k.place
    )
    select count(*) into conflicts from logged;
    return conflicts;
end
$seeds$
