-- Staged rows that come back over their deletion, here, are a repair of what they do not bring
-- anew: just above the deletion. Else sites that deleted the row and sites that did not would go
-- on with different columns. For a table that is merged by column.
create or replace function bondreplicate.revive_rows(wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update pg_temp.bond_stage as s
    set cells = m.cells || jsonb_build_array(jsonb_build_object(
        'c', a.names, 'stamp', m.t_stamp, 'site', m.t_site, 'repair', m.t_repair + 1, 'mine', true
    )), again = s.again or m.waited and not m.t_seen
    from pg_temp.bond_met as m
    cross join pg_temp.bond_shape as t
    cross join lateral (
        select jsonb_agg(c.name) as names
        from unnest(t.columns) as c (name)
        where not exists (
            select from jsonb_to_recordset(m.cells) as v (
                c jsonb, stamp timestamptz, site smallint, repair smallint
            )
            where (jsonb_typeof(v.c) is distinct from 'array' or v.c ? c.name)
                and (v.stamp, v.site, v.repair) >= (m.t_stamp, m.t_site, m.t_repair)
        )
    ) as a
    where s.ctid = m.place and t.tab = wanted_tab and not m.gone and m.here is null
        and a.names is not null;
end
$$;
comment on function bondreplicate.revive_rows(integer) is
'completes rows that come back over their deletion';
