-- Takes back that a child was pointed elsewhere, where the server refuses what came of it, and
-- remembers that: the next round finds the child without its parent again, and mends it otherwise.
-- What is refused as it was staged before is parked. Returns whether it was so.
create or replace function bondreplicate.take_back(
    origin smallint, me smallint, wanted_tab integer, wanted_key text [], before pg_snapshot,
    careful boolean
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    child_key text [];
    why text;
begin
    select r.key into child_key from pg_temp.bond_rewritten as r
    where r.tab = wanted_tab and wanted_key in (r.key, r.new_key) and not r.refused;
    if not found then
        return false;
    end if;
    delete from bondreplicate.replicate_error as e
    using pg_temp.bond_shape as t, pg_temp.bond_rewritten as r
    where t.tab = wanted_tab and r.tab = wanted_tab and r.key = child_key and not r.refused
        and e.xid = pg_current_xact_id() and e.source = me and e.kind = 'foreign key'
        and (e.schema_name, e.table_name, e.key) = (t.schema_name, t.table_name, child_key)
        and e.constraint_name = r.constraint_name;
    delete from pg_temp.bond_stage as s
    using pg_temp.bond_rewritten as r
    where r.tab = wanted_tab and r.key = child_key and not r.refused
        and s.tab = wanted_tab and s.key in (r.key, r.new_key);
    with taken as (
        delete from pg_temp.bond_before as b
        using pg_temp.bond_rewritten as r
        where r.tab = wanted_tab and r.key = child_key and not r.refused
            and b.tab = wanted_tab and b.key in (r.key, r.new_key)
        returning b.*
    )
    insert into pg_temp.bond_stage select t.* from taken as t;
    update pg_temp.bond_rewritten as r set refused = true
    where r.tab = wanted_tab and r.key = child_key;
    why := bondreplicate.refusal_of(origin, me, wanted_tab, child_key, before, careful);
    if why is not null then
        perform bondreplicate.park(origin, wanted_tab, child_key, why, true);
    end if;
    return true;
end
$$;
comment on function bondreplicate.take_back(
    smallint, smallint, integer, text [], pg_snapshot, boolean
) is
'takes back that a child was pointed elsewhere, where the server refuses that';
