-- Puts a child that was pointed elsewhere back on the stage as it was before, over all the keys that
-- it has had since. What had followed it there, or had given way to it, is put back as well: all of
-- it is found and mended anew. What is marked as refused is from then on that of its first key,
-- which is returned.
create or replace function bondreplicate.put_back(
    me smallint, wanted_tab integer, wanted_key text []
)
returns text []
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    first_key text [] := wanted_key;
    step text [];
    next text [];
    one record;
begin
    if not exists (
        select from pg_temp.bond_rewritten as r
        where r.tab = wanted_tab and r.key = wanted_key and not r.undone
    ) then
        return wanted_key;
    end if;
    loop
        select r.key into step from pg_temp.bond_rewritten as r
        where r.tab = wanted_tab and r.new_key = first_key and r.key <> first_key
            and not r.undone
        limit 1;
        exit when not found;
        first_key := step;
    end loop;
    next := first_key;
    while next is not null loop
        step := next;
        select r.new_key into next from pg_temp.bond_rewritten as r
        where r.tab = wanted_tab and r.key = step and r.new_key <> step and not r.undone
        limit 1;
        delete from bondreplicate.replicate_error as e
        using pg_temp.bond_shape as t
        where t.tab = wanted_tab and e.xid = pg_current_xact_id() and e.source = me
            and (e.schema_name, e.table_name, e.key) = (t.schema_name, t.table_name, step)
            and (e.kind = 'foreign key' or e.kind = 'unique' and e.constraint_name is null);
        update pg_temp.bond_rewritten as r set key = first_key, new_key = null, undone = true
        where r.tab = wanted_tab and r.key = step and r.refused and not r.undone;
        delete from pg_temp.bond_rewritten as r
        where r.tab = wanted_tab and r.key = step and not r.refused;
        if step <> first_key or next is not null then
            for one in
                select r.tab, r.key from pg_temp.bond_rewritten as r
                where not r.undone and (
                    r.what = 'follow' and r.parent = to_jsonb(step)
                    or r.tab = wanted_tab and r.new_key is null and (
                        select s.merged_into from pg_temp.bond_stage as s
                        where s.tab = r.tab and s.key = r.key
                    ) = step
                )
            loop
                perform bondreplicate.put_back(me, one.tab, one.key);
            end loop;
        end if;
        delete from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = step;
        with taken as (
            delete from pg_temp.bond_before as b
            where b.tab = wanted_tab and b.key = step
            returning b.*
        )
        insert into pg_temp.bond_stage select t.* from taken as t;
    end loop;
    return first_key;
end
$$;
comment on function bondreplicate.put_back(smallint, integer, text []) is
'puts a child back on the stage as it was';
