-- Put a sequence at its end: the next nextval() fails with PostgreSQL's own clear error.
select pg_catalog.setval(%(oid)s::pg_catalog.regclass, %(value)s, true)
