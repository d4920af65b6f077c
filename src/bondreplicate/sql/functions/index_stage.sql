-- Makes rows of the stage easy to find by their key, where there are many and some have to be
-- mended or tried one by one: without, each look goes through all. It has to be made before rows
-- of the stage are updated: after that, the transaction may not use it.
-- more: rows that are still to come. No query on the stage may be under way.
create or replace function bondreplicate.index_stage(more bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if to_regclass('pg_temp.bond_stage_key') is null
        and (select count(*) + more > 100 from pg_temp.bond_stage) then
        create index bond_stage_key on pg_temp.bond_stage using hash (key);
    end if;
end
$$;
comment on function bondreplicate.index_stage(bigint) is
'makes rows of the stage easy to find by their key';
