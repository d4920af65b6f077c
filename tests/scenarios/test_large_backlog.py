"""Backlogs that take long to read at the origin: a target would cut what is idle meanwhile."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import assert_whole, freeze, one_a_day, rows_of, thaw, up

pytestmark = pytest.mark.timeout(120)

READING = (
    "select count(*) from pg_locks l join pg_stat_activity a using (pid)"
    " where not l.granted and a.application_name = 'bondreplicate extract 1->2'"
    " and a.datname = current_database()"
)
TABLES = "select bondreplicate.tables_now()"
IN_TRANSACTION = (
    "select count(*) from pg_stat_activity where application_name = 'bondreplicate apply 1->2'"
    " and datname = current_database() and xact_start is not null"
)


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


@pytest.mark.parametrize("entries", one_a_day(12_000, 1))
def test_the_target_is_in_no_transaction_before_there_is_a_row(mesh: Mesh, entries: int) -> None:
    up(mesh, "create table t (id int primary key, n int)", "t")
    freeze(mesh)
    with mesh[1].database.connect() as user:
        user.execute("insert into t select i, 0 from generate_series(1, %s) i", [entries])
        user.execute("begin; lock table t in access exclusive mode")
        thaw(mesh)
        eventually(lambda: mesh[1].value(READING) == 1, "the link waits for the table")
        assert mesh[2].value(IN_TRANSACTION) == 0
        user.execute("commit")
    assert_whole(mesh)
    assert len(rows_of(mesh, "t")) == entries


def test_a_large_batch_of_all_sorts(mesh: Mesh) -> None:
    """It is streamed, by a query of its own."""
    up(
        mesh,
        "create table t (id int primary key, n text); create table u (id int primary key)",
        "t",
    )
    mesh[1].execute("insert into t values (-1, 'old'); insert into u values (-1), (-2)")
    assert_whole(mesh)
    freeze(mesh)
    mesh[1].execute("insert into u select i from generate_series(1, 50) i")
    mesh[1].execute("truncate t")
    mesh[1].execute("insert into t select i, null from generate_series(1, 12000) i")
    mesh[1].execute("update t set n = 'b' where id <= 4000; delete from t where id > 9000")
    mesh[1].execute("delete from u where id < 0")
    thaw(mesh)
    assert_whole(mesh)
    assert len(rows_of(mesh, "t")) == 9000
    assert len(rows_of(mesh, "u")) == 50


@pytest.mark.parametrize("rows", [10, 12_000])
def test_a_column_that_is_added_as_its_table_is_read_travels(mesh: Mesh, rows: int) -> None:
    """A snapshot from before it shows rows with its default, and a catalog without it."""
    up(mesh, "create table t (id int primary key)", "t")
    known = mesh[2].value(TABLES)
    mesh[2].execute("alter table t add more text")
    eventually(lambda: mesh[2].value(TABLES) != known, "the target knows its column")
    mesh[1].execute("insert into t values (0)")
    arrived = "select count(*) from t"
    # Now the link knows that column, so nothing but the origin can refuse.
    eventually(lambda: mesh[2].value(arrived) == 1, "the target has the first row")
    freeze(mesh)
    with mesh[1].database.connect() as user:
        user.execute("insert into t select i from generate_series(1, %s) i", [rows])
        user.execute("begin")
        for _ in range(9):
            user.execute("alter table t add gone int; alter table t drop gone")
        user.execute("alter table t add more text default 'new'")
        thaw(mesh)
        eventually(lambda: mesh[1].value(READING) == 1, "the link waits for the table")
        user.execute("update t set more = null where id = 0; commit")
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(0, None), *((i, "new") for i in range(1, rows + 1))]


@pytest.mark.parametrize("rows", one_a_day(12_000, 10))
def test_a_table_that_is_rewritten_as_it_is_read_is_not_taken_for_an_empty_one(
    mesh: Mesh, rows: int
) -> None:
    """What ALTER TABLE rewrites looks empty to a snapshot from before it."""
    up(mesh, "create table t (id int primary key, n int)", "t")
    mesh[1].execute("insert into t select i, 0 from generate_series(1, %s) i", [rows])
    assert_whole(mesh)
    freeze(mesh)
    with mesh[1].database.connect() as user:
        user.execute("update t set n = 1")
        user.execute("begin; alter table t alter column n type bigint")
        thaw(mesh)
        eventually(lambda: mesh[1].value(READING) == 1, "the link waits for the table")
        user.execute("commit")
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(i, 1) for i in range(1, rows + 1)]
