-- Whether one table is still what its extract query was made for; once that has run, and the table
-- is locked. Errors: BR035 learn the tables anew.
create or replace function pg_temp.{function}()
returns void
language plpgsql
as $extracted$
begin
    -- Now that it is locked, its name stays: was it that of another table, just renamed?
    if to_regclass({regclass})::oid is distinct from {oid} then
        raise exception using errcode = 'BR035',
            message = format('%s is another table now', {regclass});
    end if;
    -- Rewritten since the snapshot of this transaction (ALTER TABLE), it looked empty to the query:
    -- the function knows the file of now, the catalog shows that of then.
    if pg_relation_filenode({oid}) is distinct from (
        select c.relfilenode from pg_class as c where c.oid = {oid}
    ) then
        raise exception using errcode = 'BR035',
            message = format('%s was rewritten', {regclass});
    end if;
    -- A column that is newer than this function would be left out of rows that have its default
    -- already. One that is newer than the snapshot is not in the catalog that this shows, but the
    -- server's cache names it; if it is dropped again, there may be more behind it.
    if (
        select array_agg(a.attname::text order by a.attnum) from pg_attribute as a
        where a.attrelid = {oid} and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    ) is distinct from {all_columns}::text [] or (
        select (pg_identify_object_as_address('pg_class'::regclass, {oid}, c.relnatts + 1))
            .object_names[3] is not null
        from pg_class as c where c.oid = {oid}
    ) then
        raise exception using errcode = 'BR035',
            message = format('%s has other columns now', {regclass});
    end if;
end
$extracted$
