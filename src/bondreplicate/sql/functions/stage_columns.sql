-- Stages a repair that gives a living row other values in some columns, of a table that is merged
-- by column: its version is just above that of these columns, and of what is merged with them;
-- what else the row is made of keeps its versions. So what another site writes into other columns
-- meanwhile is not lost against the repair. Returns false where it has to be a repair of the whole
-- row: there is none, or nothing changes.
create or replace function bondreplicate.stage_columns(
    me smallint, wanted_tab integer, wanted_key text [], vals_now text []
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    shape record;
    old record;
    names text [];
    numbers smallint [];
    top record;
    cell jsonb;
begin
    select t.columns, t.numbers, t.together into shape
    from pg_temp.bond_shape as t where t.tab = wanted_tab and t.by_column;
    if not found then
        return false;
    end if;
    select r.vals, r.gone, r.stamp, r.site, r.repair into old
    from bondreplicate.row_now(wanted_tab, wanted_key) as r;
    if old.vals is null or old.gone then
        return false;
    end if;
    select array_agg(c.name), array_agg(c.number) into names, numbers
    from unnest(shape.columns, shape.numbers, shape.together) as c (name, number, grp)
    where c.grp in (
        select b.grp from unnest(shape.together, old.vals, vals_now) as b (grp, was, becomes)
        where b.was is distinct from b.becomes
    );
    if names is null then
        return false;
    end if;
    execute format('select f.stamp, f.site, f.repair from pg_temp.latest_%s($1, $2) as f
        union all
        select v.stamp, v.site, v.repair from pg_temp.bond_stage as s
        cross join lateral jsonb_to_recordset(bondreplicate.cells_or_one(
            s.cells, s.stamp, s.site, s.repair, s.source, s.xid
        )) as v (c jsonb, stamp timestamptz, site smallint, repair smallint)
        where s.tab = %1$s and s.key = $1
            and (jsonb_typeof(v.c) is distinct from ''array'' or v.c ?| $3)
        order by 1 desc, 2 desc, 3 desc limit 1', wanted_tab)
    into top using wanted_key, numbers, names;
    if top.stamp is null then
        select bondreplicate.replicate_now() as stamp, me as site, 0::smallint as repair into top;
    end if;
    cell := jsonb_build_object('c', names, 'stamp', top.stamp, 'site', top.site,
        'repair', top.repair + 1, 'mine', true);
    update pg_temp.bond_stage as s
    set vals = vals_now, mine = true, sent = null, cells = cell || case
        when s.mine and s.cells is null then jsonb_build_array(jsonb_build_object('c', null,
            'stamp', s.stamp, 'site', s.site, 'repair', s.repair, 'mine', true))
        else bondreplicate.cells_or_one(s.cells, s.stamp, s.site, s.repair, s.source, s.xid)
    end
    where s.tab = wanted_tab and s.key = wanted_key;
    if not found then
        insert into pg_temp.bond_stage (
            tab, key, stamp, site, repair, gone, vals, mine, cells
        )
        values (
            wanted_tab, wanted_key, top.stamp, top.site, top.repair + 1, false, vals_now, true,
            jsonb_build_array(cell)
        );
    end if;
    update pg_temp.bond_stage as s
    set stamp = v.stamp, site = v.site, repair = v.repair
    from (values
        (old.stamp, old.site, old.repair), (top.stamp, top.site, (top.repair + 1)::smallint)
    ) as v (stamp, site, repair)
    where s.tab = wanted_tab and s.key = wanted_key
        and (v.stamp, v.site, v.repair) > (s.stamp, s.site, s.repair);
    return true;
end
$$;
comment on function bondreplicate.stage_columns(smallint, integer, text [], text []) is
'stages a repair of some columns of a row';
