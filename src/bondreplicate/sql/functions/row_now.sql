-- A row and its version as they would be after the staged changes: the staged one; else, where a
-- later TRUNCATE is staged, none; else the one that is here with the version that is remembered
-- (null: forgotten). The key may be written otherwise than it is staged, if the row is here.
create or replace function bondreplicate.row_now(
    wanted_tab integer, wanted_key text [],
    out vals text [], out stamp timestamptz, out site smallint, out repair smallint,
    out merged_into text [], out gone boolean, out mine boolean
)
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    cut record;
    there record;
begin
    select s.vals, s.stamp, s.site, s.repair, s.merged_into, s.gone,
        s.mine and not s.preferred
    into vals, stamp, site, repair, merged_into, gone, mine
    from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key;
    if not found then
        execute format($q$
            select f.vals, f.stamp, f.site, f.repair, f.merged_into,
                f.vals is null and f.stamp is not null, false
            from pg_temp.fetch_%s($1) as f
        $q$, wanted_tab)
        into vals, stamp, site, repair, merged_into, gone, mine using wanted_key;
        select s.vals, s.stamp, s.site, s.repair, s.merged_into, s.gone,
            s.mine and not s.preferred as mine
        into there
        from pg_temp.bond_shape as t
        join pg_temp.bond_stage as s
            on s.tab = wanted_tab
            and s.key = bondreplicate.pick_values(row_now.vals, t.columns, t.key_columns)
        where t.tab = wanted_tab and row_now.vals is not null;
        if found then
            select there.vals, there.stamp, there.site, there.repair, there.merged_into,
                there.gone, there.mine
            into vals, stamp, site, repair, merged_into, gone, mine;
            return;
        end if;
        select s.stamp, s.site, s.repair into cut
        from pg_temp.bond_stage as s
        where (select b.truncates from pg_temp.bond_batch as b)
            and s.tab = wanted_tab and s.key is null
        order by s.stamp desc, s.site desc, s.repair desc limit 1;
        if stamp is null and cut.stamp is not null
            or (cut.stamp, cut.site, cut.repair) > (stamp, site, repair) then
            select null, cut.stamp, cut.site, cut.repair, null, true
            into vals, stamp, site, repair, merged_into, gone;
        end if;
    end if;
end
$$;
comment on function bondreplicate.row_now(integer, text []) is
'a row and its version, staged or here';
