-- Stages rows of which nothing but the counters is to be written: those that have lost, or were
-- applied before, and whose counters have moved. See bond_stage.only_counters.
create or replace function bondreplicate.stage_counters()
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    wanted_tab integer;
begin
    for wanted_tab in select distinct b.tab from pg_temp.bond_behind as b loop
        execute format('select pg_temp.behind_%s()', wanted_tab);
    end loop;
end
$$;
comment on function bondreplicate.stage_counters() is
'stages rows of which only counters have moved';
