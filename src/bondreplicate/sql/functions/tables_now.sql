-- A number that changes when tables are attached, altered or released here, and at once when a user
-- disables or enables one: what a link to this site goes by.
create or replace function bondreplicate.tables_now()
returns bigint
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select s.tables_revision + hashtextextended(coalesce((
        select string_agg(t.id::text, ' ' order by t.id)
        from bondreplicate.replicate_tables as t where not t.enabled
    ), ''), 0) % 1000000 * 1000000000
    from bondreplicate.replicate_state as s
$$;
comment on function bondreplicate.tables_now() is
'changes when tables, or those disabled, are others';
