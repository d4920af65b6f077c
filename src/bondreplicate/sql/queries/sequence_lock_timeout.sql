-- For this transaction: give way rather than let writers queue behind us.
select pg_catalog.set_config('lock_timeout', %(lock_timeout_ms)s::text, true)
