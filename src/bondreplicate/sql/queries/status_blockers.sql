-- Transactions that have been open for long: what they
-- wrote cannot be sent, and they hold back clearing up.
select
    'prepared transaction' as kind,
    p.gid as name,
    p.owner::text as role,
    p.database::text as database,
    extract(epoch from clock_timestamp() - p.prepared)::float8 as age_s
from pg_prepared_xacts as p
where p.prepared < clock_timestamp() - make_interval(secs => %(age_s)s::float8)
union all
select
    'open transaction',
    'pid ' || a.pid || coalesce(' (' || nullif(a.application_name, '') || ')', ''),
    a.usename::text,
    a.datname::text,
    extract(epoch from clock_timestamp() - a.xact_start)::float8
from pg_stat_activity as a
where
    a.xact_start < clock_timestamp() - make_interval(secs => %(age_s)s::float8)
    and a.pid <> pg_backend_pid()
    and a.backend_type = 'client backend'
    and (a.backend_xid is not null or a.backend_xmin is not null)
order by age_s desc
