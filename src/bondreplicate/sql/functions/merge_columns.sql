-- Makes of the staged rows that bond_column has compared what stays of both: those that bring
-- nothing go off the stage; the others are to be remembered with the versions that stayed, and
-- count as the latest of both, wherever whole rows are compared. What a change that waited puts
-- above what its origin had not seen is sent again: see contest.sql.
create or replace function bondreplicate.merge_columns(wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from pg_temp.bond_stage as s
    using (
        select c.place from pg_temp.bond_column as c group by c.place having not bool_or(c.taken)
    ) as n
    where s.ctid = n.place;
    update pg_temp.bond_stage as s
    set vals = n.vals, sent = case when n.vals is distinct from s.vals then s.vals end,
        cells = n.cells, again = s.again or m.waited and n.owed,
        (stamp, site, repair) = (
            select v.stamp, v.site, v.repair
            from (values
                (m.stamp, m.site, m.repair), (m.t_stamp, m.t_site, m.t_repair)
            ) as v (stamp, site, repair)
            order by v.stamp desc, v.site desc, v.repair desc limit 1
        )
    from (
        select c.place,
            array_agg(case when c.taken then c.theirs else c.ours end order by c.n) as vals,
            array_agg(distinct c.nth) filter (where c.taken) as nths,
            coalesce(bool_or(c.taken and not c.seen), false) as owed
        from pg_temp.bond_column as c group by c.place
    ) as a
    join pg_temp.bond_met as m on m.place = a.place
    cross join lateral (
        select a.vals, a.owed, (
            select jsonb_agg(e.cell order by e.nth)
            from jsonb_array_elements(m.cells) with ordinality as e (cell, nth)
            where e.nth = any (a.nths)
        ) as cells
    ) as n
    where s.ctid = a.place and a.nths is not null;
end
$$;
comment on function bondreplicate.merge_columns(integer) is
'makes one row of what comes and what is here';
