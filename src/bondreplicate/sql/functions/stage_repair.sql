-- Stages a repair: a write made here, whose version is just above the one it replaces, so that
-- every site that makes the same repair gives it the same version. Where that version is forgotten
-- others may still know it: a fresh stamp.
-- Writes pg_temp.bond_stage. Called only by the applying session.
create or replace function bondreplicate.stage_repair(
    me smallint, wanted_tab integer, wanted_key text [],
    gone_now boolean, vals_now text [], merged text []
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    old record;
begin
    if not gone_now and bondreplicate.stage_columns(me, wanted_tab, wanted_key, vals_now) then
        return;
    end if;
    select r.stamp, r.site, r.repair into old
    from bondreplicate.row_now(wanted_tab, wanted_key) as r;
    if old.stamp is null then
        select bondreplicate.replicate_now() as stamp, me as site, 0::smallint as repair into old;
    end if;
    delete from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key;
    insert into pg_temp.bond_stage (tab, key, stamp, site, repair, gone, merged_into, vals, mine)
    values (
        wanted_tab, wanted_key, old.stamp, old.site, old.repair + 1, gone_now, merged, vals_now,
        true
    );
end
$$;
comment on function bondreplicate.stage_repair(
    smallint, integer, text [], boolean, text [], text []
) is
'stages a write that mends a broken constraint';
