-- Staged rows of one table that have to wait alone, and why: another transaction has the row.
-- Looks at those that have waited before; at all of them when patience is over.
create or replace function pg_temp.{function}(impatient boolean)
returns table (key text [], why text)
language plpgsql
as $locked$
#variable_conflict use_variable
begin
    {loose}
    if not exists (select from pg_temp.bond_batch as b where b.impatient or b.waiting) then
        return;
    end if;
    return query
    with changed as materialized (
        select s.ctid as place from only {table} as t join pg_temp.bond_stage as s on {key_equal_s}
        where s.tab = {tab} and not s.gone and (impatient or s.seen is not null)
        for no key update of t skip locked
    ),
    removed as materialized (
        select s.ctid as place from only {table} as t join pg_temp.bond_stage as s on {key_equal_s}
        where s.tab = {tab} and s.gone and (impatient or s.seen is not null)
        for update of t skip locked
    )
    select s.key, 'another transaction holds the row'
    from only {table} as t join pg_temp.bond_stage as s on {key_equal_s}
    where s.tab = {tab} and not s.mine and (impatient or s.seen is not null)
        and s.ctid not in (select c.place from changed as c)
        and s.ctid not in (select r.place from removed as r);
end
$locked$
