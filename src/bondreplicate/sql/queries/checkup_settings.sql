-- Settings of the server, as sessions of the application get them in this database.
select
    s.name,
    coalesce(
        (
            select split_part(c.setting, '=', 2)
            from pg_db_role_setting as r
            cross join lateral unnest(r.setconfig) as c (setting)
            where
                r.setrole = 0 and split_part(c.setting, '=', 1) = s.name
                and r.setdatabase = (
                    select d.oid from pg_database as d where d.datname = current_database()
                )
        ),
        s.reset_val
    ) as value
from pg_settings as s
where
    s.name in (
        'fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'old_snapshot_threshold',
        'track_activities', 'session_replication_role'
    )
