"""TRUNCATE, and transactions that go on with a snapshot from before it (REPEATABLE READ).

Where the clock of another site is ahead, their stamps follow the floor that the snapshot shows.
"""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, faketime_library, make_mesh
from tests.scenarios.columns import resolve
from tests.scenarios.steps import assert_whole, rows_of, up

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.skipif(faketime_library() is None, reason="libfaketime is not installed"),
]


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "18"), cluster_options={"clock_offset": "+0"})
    yield mesh
    mesh.end()


@pytest.mark.parametrize(
    ("truncated_at", "how"),
    [
        (2, "row"),
        (1, "column"),
        pytest.param(1, "row", marks=pytest.mark.soak),
        pytest.param(2, "column", marks=pytest.mark.soak),
    ],
)
def test_a_row_written_after_the_truncate_stays(mesh: Mesh, truncated_at: int, how: str) -> None:
    """Its stamp is below that of the TRUNCATE, which its transaction has not seen the floor of."""
    up(
        mesh,
        "create table t (id int primary key, n text); create table o (id int primary key)",
        "t",
        "o",
    )
    if how == "column":
        resolve(mesh, "column", "t")
    ahead, behind = mesh[1], mesh[2]
    clock = ahead.database.cluster.clock
    assert clock is not None
    clock.set("+10m")
    ahead.execute("insert into o values (0)")
    eventually(lambda: behind.query("select from o where id = 0"), "the floor is at site 2")
    with behind.database.connect() as user:
        user.execute("begin isolation level repeatable read; insert into o values (1)")
        clock.set("+20m")
        if truncated_at == 1:
            ahead.execute("insert into t values (1, 'old')")
            eventually(lambda: behind.query("select from t"), "the row is at site 2")
            ahead.execute("truncate t")
            eventually(lambda: not behind.query("select from t"), "the TRUNCATE is at site 2")
        else:
            ahead.execute("insert into o values (5)")
            eventually(lambda: behind.query("select from o where id = 5"), "its floor is higher")
            behind.execute("truncate t")
        user.execute("insert into t values (7, 'after the TRUNCATE')")
        user.execute("commit")
    clock.set("+0")
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(7, "after the TRUNCATE")]
