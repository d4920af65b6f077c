"""An installation of an older version becomes what a fresh one is, and keeps what it holds."""

from collections.abc import Callable
from contextlib import closing

import pytest

from bondreplicate.border import sqlfiles
from bondreplicate.border.database import connect
from bondreplicate.site.schema import install
from tests.kit import available_versions
from tests.kit.clusters import Database
from tests.kit.site import createdb_sql

MAKES_KEYS_LONG = 9
COUNTS_ONCE = 23
COLUMNS = """
select c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
    a.attidentity::text, pg_get_expr(d.adbin, d.adrelid), col_description(c.oid, a.attnum)
from pg_class as c
join pg_attribute as a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
left join pg_attrdef as d on d.adrelid = c.oid and d.adnum = a.attnum
where c.relnamespace = 'bondreplicate'::regnamespace and c.relkind in ('r', 'p') order by 1, 2
"""
INDEXES = (
    "select pg_get_indexdef(indexrelid) from pg_index join pg_class on oid = indexrelid"
    " where relnamespace = 'bondreplicate'::regnamespace order by 1"
)
FUNCTIONS = (
    "select oid::regprocedure::text, prosrc, proacl::text from pg_proc"
    " where pronamespace = 'bondreplicate'::regnamespace order by 1"
)
CHANGE = (
    "insert into bondreplicate.replicate_parked (source, schema_name, table_name, key, columns,"
    " stamp, site, repair, gone, reason)"
    " select 2, 'public', 't', array[i::text], '{id}', now(), 2, 0, true, 'x'"
    " from generate_series(1, 3) as i"
)
CONFLICT = (
    "insert into bondreplicate.replicate_error (source, schema_name, table_name, key, kind, rule,"
    " outcome, columns) values (2, 'public', 't', '{1}', 'unique', 'x', 'x', '{id}')"
    " on conflict do nothing"
)


def install_in(database: Database) -> None:
    with closing(connect(database.dsn, role="install")) as connection:
        install(connection)


@pytest.mark.parametrize("version", [available_versions()[0], available_versions()[-1]])
def test_keys_of_any_length_come_to_what_is_there(
    new_database: Callable[..., Database], version: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, fresh, by_psql = (new_database(version) for _ in range(3))
    steps = sqlfiles.structure()
    with monkeypatch.context() as before:
        older = [step for step in steps if step.number < MAKES_KEYS_LONG]
        before.setattr(sqlfiles, "structure", lambda: older)
        for database in (old, by_psql):
            # psql began the schema that `install` finds
            database.execute("create schema bondreplicate")
            install_in(database)
            database.execute(CHANGE)
            database.execute(CONFLICT)
    install_in(old)
    install_in(old)
    for _ in range(2):
        by_psql.psql(createdb_sql())
    fresh.psql(createdb_sql())
    for database in (old, by_psql):
        for facts in (COLUMNS, INDEXES, FUNCTIONS):
            assert database.query(facts) == fresh.query(facts)
        assert database.query("select id, key from bondreplicate.replicate_parked order by 1") == [
            (1, ["1"]), (2, ["2"]), (3, ["3"])
        ]  # fmt: skip
        database.execute(CONFLICT)
        assert database.value("select count(*) from bondreplicate.replicate_error") == 1


def test_a_row_that_was_counted_twice_is_counted_once(
    new_database: Callable[..., Database], monkeypatch: pytest.MonkeyPatch
) -> None:
    database = new_database(available_versions()[0])
    steps = sqlfiles.structure()
    with monkeypatch.context() as before:
        older = [step for step in steps if step.number < COUNTS_ONCE]
        before.setattr(sqlfiles, "structure", lambda: older)
        database.execute("create schema bondreplicate")
        install_in(database)
    database.execute(
        "insert into bondreplicate.replicate_counter"
        " (tab, hash, key, base_site, base_stamp, totals)"
        " values (1, 7, '{1}', 1, '2026-01-01', '{}'), (1, 7, '{1}', 2, '2026-01-02', '{}'),"
        " (1, 7, '{1}', 0, '-infinity', '{}'), (1, 7, '{1}', 0, '-infinity', '{}'),"
        " (1, 7, '{2}', 0, '-infinity', '{}'), (1, 8, '{1}', 0, '-infinity', '{}')"
    )
    install_in(database)
    found = database.query(
        "select hash, key, base_site from bondreplicate.replicate_counter order by 1, 2"
    )
    assert found == [(7, ["1"], 2), (7, ["2"], 0), (8, ["1"], 0)]
