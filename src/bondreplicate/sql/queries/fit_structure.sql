-- Whether createdb.sql was run here; asks the catalogs, which everybody may read.
select exists (
    select from pg_class as c
    join pg_namespace as n on n.oid = c.relnamespace
    where n.nspname = 'bondreplicate' and c.relname = 'replicate_hosts'
) as installed
