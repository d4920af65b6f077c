-- What the server must let us do.
select
    pg_is_in_recovery() as standby,
    current_setting('server_version') as version,
    current_database() as database,
    current_user as role,
    has_parameter_privilege('session_replication_role', 'SET') as may_mute,
    has_parameter_privilege('deadlock_timeout', 'SET') as may_give_way,
    coalesce(
        (select pg_has_role(nspowner, 'USAGE') from pg_namespace where nspname = 'bondreplicate'),
        has_database_privilege(current_database(), 'CREATE')
    ) as owns_schema
