-- What was made here comes back with a site that had changed the row besides: it is known here, or
-- known everywhere and forgotten. For a table that is merged by column.
create or replace function bondreplicate.pass_own_cells(me smallint, wanted_tab integer)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    update pg_temp.bond_stage as s set cells = (
        select coalesce(jsonb_agg(c.cell order by c.nth), '[]')
        from jsonb_array_elements(s.cells) with ordinality as c (cell, nth)
        where c.cell ->> 'source' is distinct from me::text or c.cell ? 'mine'
    )
    where s.tab = wanted_tab and not s.mine
        and s.cells @> jsonb_build_array(jsonb_build_object('source', me));
    delete from pg_temp.bond_stage as s
    where s.tab = wanted_tab and not s.mine and s.cells = '[]';
end
$$;
comment on function bondreplicate.pass_own_cells(smallint, integer) is
'takes what was made here off staged rows';
