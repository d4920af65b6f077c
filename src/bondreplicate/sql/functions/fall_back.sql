-- A staged row that is put together of what came and what is here, and that the server refuses,
-- though it would take it as it came: the later of the two stays whole, as a repair of all columns;
-- the other is kept in replicate_error. Returns whether it is so.
create or replace function bondreplicate.fall_back(
    origin smallint, me smallint, wanted_tab integer, wanted_key text [], before pg_snapshot,
    careful boolean
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    came record;
    here record;
    came_later boolean;
begin
    select s.sent, s.stamp, s.site, s.repair into came
    from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key;
    if came.sent is null then
        return false;
    end if;
    execute format(
        'select f.vals, f.stamp, f.site, f.repair from pg_temp.fetch_%s($1) as f', wanted_tab
    ) into here using wanted_key;
    -- Two sites that fell back onto rows that differ have the same version for them.
    came_later := (came.stamp, came.site, came.repair, md5(came.sent::text))
        > (here.stamp, here.site, here.repair, md5(here.vals::text));
    update pg_temp.bond_stage as s
    set vals = came.sent, sent = null, mine = true, repair = s.repair + 1, cells = null
    where s.tab = wanted_tab and s.key = wanted_key;
    -- Where it is refused as it came, that it was merged is not to blame.
    if bondreplicate.refusal_of(origin, me, wanted_tab, wanted_key, before, careful) <> '' then
        raise exception using errcode = 'BR032';
    end if;
    update pg_temp.bond_stage as s set vals = here.vals
    where s.tab = wanted_tab and s.key = wanted_key and not came_later;
    insert into bondreplicate.replicate_error (
        source, schema_name, table_name, key, kind, rule, outcome, columns, winner_stamp,
        winner_site, winner_repair, winner_row, loser_stamp, loser_site, loser_repair, loser_row
    )
    select me, t.schema_name, t.table_name, wanted_key, 'concurrent',
        'the later row stays as a whole where the merged one is refused',
        case when came_later then 'the row here was replaced'
            else 'the incoming row was not applied' end,
        t.columns, came.stamp, came.site, came.repair + 1,
        case when came_later then came.sent else here.vals end,
        case when came_later then here.stamp end, case when came_later then here.site end,
        case when came_later then here.repair end,
        case when came_later then here.vals else came.sent end
    from pg_temp.bond_shape as t where t.tab = wanted_tab
    on conflict do nothing;
    return true;
exception
    when sqlstate 'BR032' then
        return false;
end
$$;
comment on function bondreplicate.fall_back(
    smallint, smallint, integer, text [], pg_snapshot, boolean
) is
'puts the later row as a whole where a merged one is refused';
