-- Whether a later state of a row here is on its way: the site that made the staged change had seen
-- the row as it is here, and the two cannot stand together there either. Then the change waits for
-- it, and nothing is mended. Not for a repair made here, nor for a row that is staged itself, or
-- that the other site has parked.
create or replace function bondreplicate.is_awaited(
    origin smallint, me smallint, staged_tab integer, staged_key text [],
    wanted_tab integer, wanted_key text []
)
returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
    vector jsonb;
    teller smallint;
    awaited boolean;
begin
    select coalesce(s.seen, b.seen), coalesce(s.via, origin) into vector, teller
    from pg_temp.bond_stage as s cross join pg_temp.bond_batch as b
    where s.tab = staged_tab and s.key = staged_key and not s.mine;
    if not found or exists (
        select from pg_temp.bond_stage as s where s.tab = wanted_tab and s.key = wanted_key
    ) or teller = origin and exists (
        select from pg_temp.bond_aside as a where a.tab = wanted_tab and a.key = wanted_key
    ) then
        return false;
    end if;
    execute format('select pg_temp.seen_%s($1, $2, $3, $4)', wanted_tab) into awaited
    using wanted_key, teller, me, vector;
    return awaited;
end
$$;
comment on function bondreplicate.is_awaited(
    smallint, smallint, integer, text [], integer, text []
) is
'whether a later state of a row is on its way';
