-- The cells of a staged or parked row; of one that has none, a single one of all its columns.
create or replace function bondreplicate.cells_or_one(
    cells jsonb, stamp timestamptz, site smallint, repair smallint, source smallint, xid xid8
)
returns jsonb
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(cells, jsonb_build_array(jsonb_build_object(
        'c', null, 'stamp', stamp, 'site', site, 'repair', repair, 'source', source, 'xid', xid
    )))
$$;
comment on function bondreplicate.cells_or_one(
    jsonb, timestamptz, smallint, smallint, smallint, xid8
) is
'the versions that a row is made of';
