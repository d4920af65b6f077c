-- Lays the rows in bond_met that are here and come as well side by side, column by column: the
-- version that comes and the one remembered here. At equal versions, where two sites made the same
-- repair of rows that differed, a digest of what is merged as one decides.
create or replace function bondreplicate.judge_columns(wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    delete from pg_temp.bond_column;
    insert into pg_temp.bond_column (
        place, n, name, nth, theirs, ours, i_stamp, i_site, i_repair, l_stamp, l_site, l_repair,
        seen, taken
    )
    select j.place, j.n, j.name, j.nth, j.theirs, j.ours, j.i_stamp, j.i_site, j.i_repair,
        j.l_stamp, j.l_site, j.l_repair, j.seen, j.nth is not null and (
            j.l_stamp is null
            or (j.i_stamp, j.i_site, j.i_repair) > (j.l_stamp, j.l_site, j.l_repair)
            or (j.i_stamp, j.i_site, j.i_repair) = (j.l_stamp, j.l_site, j.l_repair)
                and md5((array_agg(j.theirs) over same)::text)
                > md5((array_agg(j.ours) over same)::text)
        )
    from (
        select m.place, c.n, c.name, c.grp, c.theirs, c.ours, i.nth, i.stamp as i_stamp,
            i.site as i_site, i.repair as i_repair, l.stamp as l_stamp, l.site as l_site,
            l.repair as l_repair, l.seen
        from pg_temp.bond_met as m
        cross join pg_temp.bond_shape as t
        cross join lateral unnest(t.columns, t.numbers, t.together, m.vals, m.here)
            with ordinality as c (name, number, grp, theirs, ours, n)
        left join lateral (
            select e.nth, v.stamp, v.site, v.repair
            from jsonb_array_elements(m.cells) with ordinality as e (cell, nth)
            cross join lateral jsonb_to_record(e.cell) as v (
                c jsonb, stamp timestamptz, site smallint, repair smallint
            )
            where jsonb_typeof(v.c) is distinct from 'array' or v.c ? c.name
            order by v.stamp desc, v.site desc, v.repair desc limit 1
        ) as i on true
        left join lateral (
            select v.stamp, v.site, v.repair, v.seen
            from jsonb_to_recordset(m.known) as v (
                numbers smallint [], stamp timestamptz, site smallint, repair smallint,
                seen boolean
            )
            where v.numbers is null or c.number = any (v.numbers)
            order by v.stamp desc, v.site desc, v.repair desc limit 1
        ) as l on true
        where t.tab = wanted_tab and not m.gone and m.here is not null
    ) as j
    window same as (
        partition by j.place, j.grp order by j.name
        rows between unbounded preceding and unbounded following
    );
end
$$;
comment on function bondreplicate.judge_columns(integer) is
'compares rows that come with those here, column by column';
