-- Settings of the server, as sessions of the application get them in this database, and where each
-- is set; the file is told only to a role with the rights of pg_read_all_settings.
with
    of_database as (
        select
            split_part(c.setting, '=', 1) as name,
            split_part(c.setting, '=', 2) as value
        from pg_db_role_setting as r
        cross join lateral unnest(r.setconfig) as c (setting)
        where
            r.setrole = 0
            and r.setdatabase = (
                select d.oid from pg_database as d where d.datname = current_database()
            )
    )

select
    s.name,
    coalesce(d.value, s.reset_val) as value,
    case when d.value is not null then 'database' else s.source end as source,
    s.sourcefile as file,
    s.sourceline as line,
    s.context = 'postmaster' as needs_restart,
    quote_ident(current_database()) as database,
    quote_ident(current_user) as role
from pg_settings as s
left join of_database as d on s.name = d.name
where
    s.name in (
        'fsync', 'full_page_writes', 'synchronous_commit', 'autovacuum', 'old_snapshot_threshold',
        'track_activities', 'session_replication_role'
    )
