-- Tables that are to be merged by row and of which changes of single columns are still under way:
-- in the log, where the table was merged by column until now, or parked.
create or replace function bondreplicate.unmerged_tables()
returns setof integer
language plpgsql
stable
set search_path = pg_catalog, pg_temp
as $$
begin
    return query
    select t.id from bondreplicate.replicate_tables as t
    join bondreplicate.replicate_parked as p
        on p.cells is not null and p.schema_name = t.schema_name and p.table_name = t.table_name
    where t.resolve = 'row'
    union
    select t.id from bondreplicate.replicate_tables as t
    where t.resolve = 'row' and t.merges = 'column' and exists (
        select from bondreplicate.replicate_log as l where l.tab = t.id and l.changed is not null
    );
end
$$;
comment on function bondreplicate.unmerged_tables() is
'tables of which changes of single columns are still under way';
