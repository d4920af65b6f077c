-- Staged rows of which nothing is remembered here: columns that they do not bring stay as they are.
-- For a table that is merged by column.
create or replace function bondreplicate.keep_columns(wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update pg_temp.bond_stage as s set vals = n.vals
    from pg_temp.bond_met as m
    cross join pg_temp.bond_shape as t
    cross join lateral (
        select array_agg(w.name) as names
        from jsonb_array_elements(m.cells) as e (cell)
        cross join lateral jsonb_array_elements_text(
            case when jsonb_typeof(e.cell -> 'c') = 'array' then e.cell -> 'c' end
        ) as w (name)
    ) as b
    cross join lateral (
        select array_agg(
            case when v.name = any (b.names) then v.theirs else v.ours end order by v.n
        ) as vals
        from unnest(t.columns, m.vals, m.here) with ordinality as v (name, theirs, ours, n)
    ) as n
    where s.ctid = m.place and t.tab = wanted_tab and m.known is null and not m.gone
        and m.here is not null and not m.cells @> '[{"c": null}]';
end
$$;
comment on function bondreplicate.keep_columns(integer) is
'puts columns that a change does not bring into its staged row, as they are here';
