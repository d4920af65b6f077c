"""A table that a target gets later than its origin: what waited for it comes, and what follows."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole, rows_of, settle, up

pytestmark = pytest.mark.timeout(300)

LATE = [f"late{i}" for i in range(12)]
BUSY = "create table busy (id int primary key, n int); insert into busy values (1, 0)"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["18", "15"])
    yield mesh
    mesh.end()


class Writer:
    """Keeps a link busy: it finds another batch to send whenever it has sent one."""

    def __init__(self, dsn: str) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(dsn,))

    def _run(self, dsn: str) -> None:
        with psycopg.connect(dsn, autocommit=True) as c:
            while not self._ended.is_set():
                c.execute("update busy set n = n + 1")

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()


def test_changes_of_a_table_that_was_missing(mesh: Mesh) -> None:
    up(mesh, BUSY, "busy")
    for name in LATE:
        mesh[1].execute(f"create table {name} (id int primary key, n int)")
    for name in LATE:
        mesh[1].execute(f"insert into {name} values (1, 0), (2, 0)")
    eventually(
        lambda: mesh[2].value(PARKED) == 2 * len(LATE), "all of it waits at site 2", timeout_s=30
    )
    for name in LATE:
        # Columns in another order: a value must not be taken for its neighbour either.
        mesh[2].execute(f"create table {name} (n int, id int primary key)")
    eventually(lambda: mesh[2].value(PARKED) == 0, "nothing waits any more", timeout_s=30)
    settle(mesh)
    with Writer(mesh[1].dsn):
        for name in LATE:
            mesh[1].execute(f"update {name} set n = 7 where id = 1")
            mesh[1].execute(f"delete from {name} where id = 2")
    assert_whole(mesh)
    assert mesh[2].value("select count(*) from bondreplicate.replicate_error") == 0
    for name in LATE:
        assert mesh[2].query(f"select id, n from {name}") == [(1, 7)], name
    assert rows_of(mesh, "busy")
