-- Joins what staged rows of a table bring of its counters, if it has any, with what is known here.
create or replace function bondreplicate.join_counters(wanted_tab integer, me smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (
        select from pg_temp.bond_shape as t where t.tab = wanted_tab and t.counted is not null
    ) then
        execute format('select pg_temp.counters_%s($1)', wanted_tab) using me;
    end if;
end
$$;
comment on function bondreplicate.join_counters(integer, smallint) is
'joins what comes of the counters of a table with what is known here';
