-- Version of a row as it would be after the staged changes: of the staged one, else of the
-- remembered one (null: forgotten).
create or replace function bondreplicate.version_of(
    wanted_tab integer, wanted_key text [],
    out stamp timestamptz, out site smallint, out repair smallint, out gone boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    select s.stamp, s.site, s.repair, s.gone into stamp, site, repair, gone
    from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key;
    if not found then
        execute format($q$
            select f.stamp, f.site, f.repair, f.vals is null from pg_temp.fetch_%s($1) as f
        $q$, wanted_tab) into stamp, site, repair, gone using wanted_key;
    end if;
end
$$;
comment on function bondreplicate.version_of(integer, text []) is
'version of a row, staged or remembered';
