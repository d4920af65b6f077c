"""The log is empty when all is everywhere, also where a transaction wrote into a part of old."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import assert_whole, one_a_day, rows_of, up

pytestmark = pytest.mark.timeout(120)

PART = "select part from bondreplicate.replicate_state"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


@pytest.mark.parametrize("rotations", one_a_day(2, 1, 3))
def test_a_part_that_an_old_snapshot_wrote_into(mesh: Mesh, rotations: int) -> None:
    """The part that was truncated since: the next one in turn, or another one."""
    up(mesh, "create table t (id int primary key)", "t")
    with mesh[1].database.connect() as user:
        user.execute("begin isolation level repeatable read; select from t")
        for number in range(rotations):
            before = mesh[1].value(PART)
            mesh[1].execute("insert into t values (%s)", [number])
            eventually(lambda before=before: mesh[1].value(PART) != before, "the next part")
            mesh.settle(30)
        user.execute("insert into t values (100)")
        user.execute("commit")
    assert_whole(mesh)
    assert len(rows_of(mesh, "t")) == rotations + 1
