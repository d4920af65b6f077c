"""A table that is replicated has children, at one site, in a table that is not."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, checkers, eventually, make_mesh
from tests.scenarios.steps import (
    ACTIVE,
    assert_whole,
    conflicts,
    one_a_day,
    rows_of,
    settle,
)

pytestmark = pytest.mark.timeout(300)

SETUP = """
create table lp (id int primary key); insert into lp values (1), (2);
create table lq (id int primary key); insert into lq values (1), (2);
create table tp (id int primary key); insert into tp values (1), (2);
"""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), SETUP)
    settle(mesh)
    yield mesh
    mesh.end()


LOCAL = {
    "lp": ("delete from lp where id = 2", ""),
    "lq": ("delete from lq where id = 2", "on delete cascade"),
    "tp": ("truncate tp cascade", ""),
}


@pytest.mark.parametrize("parent", one_a_day(*LOCAL))
def test_s77_children_that_only_one_site_has(mesh: Mesh, parent: str) -> None:
    """What is not replicated is not touched: the parent stays."""
    statement, action = LOCAL[parent]
    site, child = mesh[2], f"local_{parent}"
    site.execute(f"create table {child} (id int primary key, p int references {parent} {action})")
    try:
        eventually(lambda: site.value(ACTIVE, [[child]]) == 1, "it is known")
        site.cli("tables", "disable", child)
        eventually(lambda: site.value(ACTIVE, [[child]]) == 0, "it is left out")
        site.execute(f"insert into {child} values (1, 2)")
        mesh[1].execute(statement)
        settle(mesh)
        checkers.assert_no_orphans(mesh.dsns)
        kept = [(2,)] if parent == "tp" else [(1,), (2,)]
        assert rows_of(mesh, parent) == kept
        assert site.query(f"select * from {child}") == [(1, 2)]
        for other in mesh:
            assert any(c["kind"] == "foreign key" for c in conflicts(other, parent))
    finally:
        site.execute(f"drop table {child}")
    assert_whole(mesh, rounds=1)
