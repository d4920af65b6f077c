-- Changes that have waited, of one table: gives each the hash of its key, and drops those of which
-- a later one is staged whose key is equal and written otherwise (numeric 1.0 and 1.00), which is
-- then compared with what the dropped one had not seen either.
create or replace function pg_temp.{function}()
returns void
language plpgsql
set enable_hashjoin = on
as $waiting$
begin
    if not exists (select from pg_temp.bond_batch as b where b.waiting) or not exists (
        select from pg_temp.bond_stage as s where s.tab = {tab} and s.seen is not null
    ) then
        return;
    end if;
    update pg_temp.bond_stage as s set hash = {hash_s}
    where s.tab = {tab} and s.key is not null;
    with twins as materialized (
        select s.ctid as older, s.seen, s.again, n.ctid as newer, case
                when s.gone or n.gone then n.cells
                else bondreplicate.joined_cells(n.cells, bondreplicate.cells_or_one(
                    s.cells, s.stamp, s.site, s.repair, s.source, s.xid
                ), (select c.columns from pg_temp.bond_shape as c where c.tab = {tab}))
            end as cells
        from pg_temp.bond_stage as s
        join pg_temp.bond_stage as n
            on n.tab = s.tab and n.hash = s.hash and n.ctid <> s.ctid and {key_equal_sn}
        where s.tab = {tab} and s.seen is not null and s.key is not null and n.key is not null
            and (n.stamp, n.site, n.repair) > (s.stamp, s.site, s.repair)
    ),
    inherited as (
        update pg_temp.bond_stage as n
        set seen = t.seen, again = n.again or t.again, cells = t.cells
        from twins as t where n.ctid = t.newer
    )
    delete from pg_temp.bond_stage as s using twins as t where s.ctid = t.older;
end
$waiting$
