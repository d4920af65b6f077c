-- Parks the staged rows of a table that the server refuses, each with the server's words. Where no
-- single row is to blame, or a TRUNCATE is, everything that is staged for the table.
create or replace function bondreplicate.park_culprits(
    origin smallint, me smallint, wanted_tab integer, before pg_snapshot, careful boolean,
    refused text
)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    one record;
    why text;
    found_any boolean := false;
    rewinds boolean := false;
begin
    for one in
        select s.key from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key is not null
    loop
        why := bondreplicate.refusal_of(origin, me, wanted_tab, one.key, before, careful);
        if why is not null and bondreplicate.take_back(wanted_tab, one.key) then
            rewinds := true;
        elsif why is not null and (
            bondreplicate.keep_later(me, wanted_tab, one.key, why)
            or bondreplicate.fall_back(origin, me, wanted_tab, one.key, before, careful)
        ) then
            found_any := true;
        elsif why is not null then
            perform bondreplicate.park(origin, wanted_tab, one.key, why, true);
            found_any := true;
        end if;
    end loop;
    if rewinds then
        perform bondreplicate.rewind();
    elsif not found_any then
        perform bondreplicate.park(origin, wanted_tab, null, refused, true);
    end if;
end
$$;
comment on function bondreplicate.park_culprits(
    smallint, smallint, integer, pg_snapshot, boolean, text
) is
'parks the staged rows that the server refuses';
