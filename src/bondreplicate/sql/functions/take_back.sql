-- Takes back that a child was pointed elsewhere, where the server refuses what came of it, and
-- remembers that: the next round finds the child without its parent again, and mends it otherwise.
-- So with all children of that parent, as the server would not have let it go for any of them.
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
    one record;
    why text;
begin
    select r.key into child_key from pg_temp.bond_rewritten as r
    where r.tab = wanted_tab and (r.key = wanted_key or r.new_key = wanted_key) and not r.refused
    limit 1;
    if not found then
        return false;
    end if;
    for one in
        update pg_temp.bond_rewritten as r set refused = true
        from pg_temp.bond_rewritten as c
        where c.tab = wanted_tab and c.key = child_key and not c.refused
            and r.tab = wanted_tab and not r.refused
            and (r.constraint_name, r.parent, r.what) = (c.constraint_name, c.parent, c.what)
        returning r.key, r.new_key
    loop
        delete from bondreplicate.replicate_error as e
        using pg_temp.bond_shape as t
        where t.tab = wanted_tab and e.xid = pg_current_xact_id() and e.source = me
            and (e.schema_name, e.table_name, e.key) = (t.schema_name, t.table_name, one.key)
            and e.kind = 'foreign key';
        delete from pg_temp.bond_stage as s
        where s.tab = wanted_tab and (s.key = one.key or s.key = one.new_key);
        with taken as (
            delete from pg_temp.bond_before as b
            where b.tab = wanted_tab and (b.key = one.key or b.key = one.new_key)
            returning b.*
        )
        insert into pg_temp.bond_stage select t.* from taken as t;
        -- What another foreign key had made of it is gone too, and is found anew.
        delete from pg_temp.bond_rewritten as r
        where r.tab = wanted_tab and r.key = one.key and not r.refused;
    end loop;
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
