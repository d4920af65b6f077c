-- How many changes of a batch have been repaired or parked so far: where tries go on without their
-- number growing, they do not end.
create or replace function bondreplicate.count_mended(origin smallint)
returns bigint
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    return (select count(*) from pg_temp.bond_stage as s where s.mine) + (
        select count(*) from bondreplicate.replicate_parked as p
        where p.tried_by = pg_current_xact_id()
    );
end
$$;
comment on function bondreplicate.count_mended(smallint) is
'how many changes of a batch have been repaired or parked';
