-- Whether a daemon serves this site: it holds the lock of daemon_lock.sql.
select exists (
    select from pg_locks as l
    where
        l.locktype = 'advisory' and l.classid = 1651469924 and l.objid = 3 and l.objsubid = 2
        and l.granted and l.database = (
            select d.oid from pg_database as d where d.datname = current_database()
        )
) as running
