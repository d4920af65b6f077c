-- What a change that has waited since before its origin counted says of counters, once a later
-- state of the row has come from there, which counts: its values are where counting starts.
-- counters, stamp, site, columns, vals: of the change that waited. counted: names of the counters.
create or replace function bondreplicate.plain_start(
    counters jsonb, stamp timestamptz, site smallint, columns name [], vals text [], counted name []
)
returns jsonb
language sql
immutable
set search_path = pg_catalog, pg_temp
as $$
select case
    when counters is null then jsonb_build_object(
        'plain_stamp', stamp, 'plain_site', site, 'start', (
            select jsonb_object_agg(v.name, v.val::numeric)
            from unnest(columns, vals) as v (name, val) where v.name = any (counted)
        )
    )
    when counters ? 'plain_stamp' then jsonb_build_object(
        'plain_stamp', counters -> 'plain_stamp', 'plain_site', counters -> 'plain_site',
        'start', counters -> 'start'
    )
    else '{}'
end
$$;
comment on function bondreplicate.plain_start(
    jsonb, timestamptz, smallint, name [], text [], name []
) is
'what a change from before its origin counted says of counters';
