-- Takes back that a child was pointed elsewhere, where the server refuses what came of it, and
-- remembers that: the next round finds the child without its parent again, and mends it otherwise.
-- So with all children of that parent, as the server would not have let it go for any of them.
-- Where it was pointed elsewhere more than once, that holds for each: in which order it was does not
-- matter then. What is refused as it was staged before is parked. Returns whether it was so.
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
    first_key text [];
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
        with recursive moves as (
            select r.key, r.new_key, r.constraint_name, r.parent, r.what
            from pg_temp.bond_rewritten as r
            where r.tab = wanted_tab and r.key = child_key and not r.refused
            union
            select r.key, r.new_key, r.constraint_name, r.parent, r.what
            from moves as m
            join pg_temp.bond_rewritten as r
                on r.tab = wanted_tab and (r.key = m.new_key or r.new_key = m.key)
            where not r.refused
        ),
        marked as (
            update pg_temp.bond_rewritten as r set refused = true
            from (select distinct m.constraint_name, m.parent, m.what from moves as m) as c
            where r.tab = wanted_tab and not r.refused
                and (r.constraint_name, r.parent, r.what) = (c.constraint_name, c.parent, c.what)
            returning r.key
        )
        select distinct m.key from marked as m
    loop
        first_key := bondreplicate.put_back(me, wanted_tab, one.key);
        if one.key = child_key then
            child_key := first_key;
        end if;
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
