-- Which database this is: of which cluster, and which one there. Another site's copy differs in it.
select
    (select system_identifier from pg_control_system()) as system_identifier,
    (select oid from pg_database where datname = current_database()) as database_oid,
    current_database() as database
