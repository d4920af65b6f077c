-- Functions are made anew, because what they return may have changed. Capture functions
-- stay: triggers need them, and the daemon makes them for each table; so does what indexes need.
do $bond_drop$
declare
    one text;
begin
    for one in
        select p.oid::regprocedure::text
        from pg_catalog.pg_proc as p
        join pg_catalog.pg_namespace as n on n.oid = p.pronamespace
        where n.nspname = 'bondreplicate' and p.proname !~ '^capture_(columns_|counters_)?[0-9]+$'
            and p.proname <> 'key_digest'
    loop
        execute 'drop function ' || one;
    end loop;
end $bond_drop$;
