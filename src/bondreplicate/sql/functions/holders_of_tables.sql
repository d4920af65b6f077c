-- Who holds replicated tables or their sequences: in words, for people whom they keep from what
-- they want. Reads pg_locks.
create or replace function bondreplicate.holders_of_tables()
returns text
language sql
stable
set search_path = pg_catalog, pg_temp
as $$
    select coalesce(string_agg(distinct format(
        '%s is held by %s', k.relation::regclass,
        coalesce('process ' || k.pid, 'the prepared transaction ' || quote_literal(p.gid), 'nobody')
    ), '; '), '')
    from pg_locks as k
    left join pg_locks as x
        on x.locktype = 'transactionid' and x.granted and x.pid is null and k.pid is null
        and x.virtualtransaction = k.virtualtransaction
    left join pg_prepared_xacts as p on p.transaction = x.transactionid
    where k.locktype = 'relation' and k.granted and k.pid is distinct from pg_backend_pid()
        and k.database = (select d.oid from pg_database as d where d.datname = current_database())
        and k.mode <> 'AccessShareLock' and (
            k.relation in (
                select t.relid from bondreplicate.replicate_tables as t where t.relid is not null
            ) or k.relation in (
                select c.oid from bondreplicate.replicate_sequence as q
                join pg_class as c on c.relname = q.sequence_name
                join pg_namespace as n on n.oid = c.relnamespace and n.nspname = q.schema_name
            )
        )
$$;
comment on function bondreplicate.holders_of_tables() is 'who holds replicated tables, in words';
