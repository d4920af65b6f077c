-- Stages rows of one table that are here with counters that have to move, and are not staged.
create or replace function pg_temp.{function}()
returns void
language plpgsql
as $behind$
begin
    insert into pg_temp.bond_stage (
        tab, key, xid, stamp, site, repair, gone, vals, source, seen, hash, via, counters,
        only_counters
    )
    select b.tab, b.key, b.xid, m.stamp, m.site, m.repair, false, {vals_c}, b.source, b.seen,
        b.hash, b.via, b.counters, true
    from pg_temp.bond_behind as b
    cross join lateral (select b.key) as s
    join only {table} as t on {key_equal_s}
    join bondreplicate.replicate_counter as c
        on c.tab = {tab} and c.hash = {hash_s} and {key_equal_cs}
    left join lateral (
        select l.stamp, l.site, l.repair
        from bondreplicate.replicate_log as l
        where l.tab = {tab} and l.hash in ({hash_s}, {tab}) and (l.key is null or {key_equal_l})
        order by l.stamp desc, l.site desc, l.repair desc
        limit 1
    ) as m on true
    where b.tab = {tab} and not exists (
        select from pg_temp.bond_stage as o where o.tab = {tab} and o.key = b.key
    );
end
$behind$
