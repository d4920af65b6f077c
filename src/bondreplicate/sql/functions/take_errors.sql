-- Conflicts that the origin found travel with its batches, staged with tab 0, so that every site
-- can tell the whole story; here they are logged, once, unless they are older than what was purged.
create or replace function bondreplicate.take_errors(origin smallint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
    with told as (
        delete from pg_temp.bond_stage as s where s.tab = 0 returning s.vals
    )
    insert into bondreplicate.replicate_error (
        source, at, schema_name, table_name, key, kind, rule, outcome, columns,
        winner_stamp, winner_site, winner_repair, winner_key, winner_row,
        loser_stamp, loser_site, loser_repair, loser_row, constraint_name
    )
    select origin, v[1]::timestamptz, v[2], v[3], v[4]::text [], v[5], v[6], v[7], v[8]::name [],
        v[9]::timestamptz, v[10]::smallint, v[11]::smallint, v[12]::text [], v[13]::text [],
        v[14]::timestamptz, v[15]::smallint, v[16]::smallint, v[17]::text [], v[18]
    from told as t (v)
    cross join bondreplicate.replicate_state as s
    where v[1]::timestamptz >= coalesce(s.conflicts_purged, '-infinity')
    on conflict do nothing;
end
$$;
comment on function bondreplicate.take_errors(smallint) is 'logs conflicts that another site found';
