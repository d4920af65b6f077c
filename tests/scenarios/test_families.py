"""Parents, children and grandchildren changed apart: who follows whom, and that it ends."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import (
    PARKED,
    assert_whole,
    conflicts,
    one_a_day,
    parted,
    rows_of,
    settle,
    two_or_three,
    up,
)

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=two_or_three(("16", "18"), ("18", "15", "16")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param)
    yield mesh
    mesh.end()


@pytest.mark.parametrize("deleter", one_a_day(1, 2))
def test_a_cascade_does_not_take_what_a_grandchild_keeps(mesh: Mesh, deleter: int) -> None:
    """CASCADE above NO ACTION: the repairs took turns without end, and the link stood still."""
    p, c, g = (f"cr_{name}{deleter}" for name in "pcg")
    up(
        mesh,
        f"create table {p} (id int primary key);"
        f"create table {c} (id int primary key, p int references {p} on delete cascade);"
        f"create table {g} (id int primary key, c int references {c});"
        f"insert into {p} values (1), (2); insert into {c} values (1, 1), (2, 1), (3, 2)",
        p, c, g,
    )  # fmt: skip
    with parted(mesh):
        mesh[deleter].execute(f"delete from {p}")
        mesh[3 - deleter].execute(f"insert into {g} values (1, 1)")
    assert_whole(mesh)
    assert rows_of(mesh, g) == [(1, 1)]
    assert rows_of(mesh, c)[0] == (1, 1)
    assert rows_of(mesh, p) == [(1,)]


@pytest.mark.parametrize("first", one_a_day(1, 2))
def test_a_table_that_joins_two_follows_a_merged_parent(mesh: Mesh, first: int) -> None:
    """The reference is part of the child's key, so that the child becomes another row."""
    p, q, j = (f"jt_{name}{first}" for name in "pqj")
    up(
        mesh,
        f"create table {p} (id int primary key, u text unique);"
        f"create table {q} (id int primary key);"
        f"create table {j} (n int, q int references {q}, p int references {p}, primary key (p, q));"
        f"insert into {q} values (1), (2), (3)",
        p, q, j,
    )  # fmt: skip
    with parted(mesh):
        for site, id_ in ((first, 11), (3 - first, 12)):
            mesh[site].execute(f"insert into {p} values ({id_}, 'm')")
            mesh[site].execute(f"insert into {j} values ({id_}0, {site}, {id_})")
            mesh[site].execute(f"insert into {j} values ({id_}3, 3, {id_})")
    assert_whole(mesh)
    assert rows_of(mesh, p) == [(12, "m")]
    joined = rows_of(mesh, j, "q")
    assert [(row[1], row[2]) for row in joined] == [(1, 12), (2, 12), (3, 12)]
    assert {joined[0][0], joined[1][0]} == {110, 120}
    mesh[1].execute(f"insert into {j} values (5, 1, 12) on conflict do nothing")
    assert_whole(mesh)


@pytest.mark.parametrize(
    "action", one_a_day("on update cascade", "", "on update cascade on delete cascade")
)
def test_a_child_follows_a_code_that_was_changed(mesh: Mesh, action: str) -> None:
    p, c = f"code_p{len(action)}", f"code_c{len(action)}"
    up(
        mesh,
        f"create table {p} (id int primary key, code text unique);"
        f"create table {c} (id int primary key, code text references {p} (code) {action});"
        f"insert into {p} values (1, 'old')",
        p, c,
    )  # fmt: skip
    with parted(mesh):
        mesh[1].execute(f"update {p} set code = 'new'")
        mesh[2].execute(f"insert into {c} values (1, 'old')")
    assert_whole(mesh)
    assert rows_of(mesh, p) == [(1, "new")]
    assert rows_of(mesh, c) == [(1, "new")]


def test_what_set_null_takes_is_told(mesh: Mesh) -> None:
    up(
        mesh,
        "create table sn_p (id int primary key); insert into sn_p values (1);"
        "create table sn_c (id int primary key, p int references sn_p on delete set null)",
        "sn_p", "sn_c",
    )  # fmt: skip
    with parted(mesh):
        mesh[1].execute("delete from sn_p")
        mesh[2].execute("insert into sn_c values (1, 1)")
    assert_whole(mesh)
    assert rows_of(mesh, "sn_c") == [(1, None)]
    assert any(c["loser_row"] == ["1", "1"] for c in conflicts(mesh[1], "sn_c"))


@pytest.fixture
def apart() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), proxies=True)
    yield mesh
    mesh.end()


FAMILY = (
    "create table p (id int primary key);"
    "create table c (id int primary key, p int references p {action})"
)
ACTIONS = ["on delete cascade", "on delete set null", ""]


@pytest.mark.parametrize("action", one_a_day(*ACTIONS))
def test_a_child_waits_for_a_parent_that_was_inserted_again(apart: Mesh, action: str) -> None:
    """It comes before the new parent: who inserted it has seen the delete, and the new one."""
    up(apart, FAMILY.format(action=action), "p", "c")
    apart[1].execute("insert into p values (1)")
    settle(apart)
    apart.proxies[2, 3].flows.clear()
    apart[1].execute("delete from p")
    for site in (apart[2], apart[3]):
        eventually(lambda s=site: s.value("select count(*) from p") == 0, "it is gone")
    apart[2].execute("insert into p values (1)")
    eventually(lambda: apart[1].value("select count(*) from p") == 1, "it is at site 1 again")
    apart[1].execute("insert into c values (1, 1)")
    eventually(lambda: apart[3].value(PARKED) == 1, "the child waits at site 3")
    apart.proxies[2, 3].flows.set()
    assert_whole(apart)
    assert rows_of(apart, "c") == [(1, 1)]
    assert not conflicts(apart[1], "c")


@pytest.mark.parametrize("action", one_a_day(*ACTIONS))
def test_a_delete_waits_for_a_child_that_has_moved(apart: Mesh, action: str) -> None:
    """The child's new parent is late, and with it the child; the old one must not take it along."""
    up(apart, FAMILY.format(action=action), "p", "c")
    apart[1].execute("insert into p values (1)")
    apart[1].execute("insert into c values (1, 1)")
    settle(apart)
    apart.proxies[3, 2].flows.clear()
    apart[3].execute("insert into p values (2)")
    eventually(lambda: apart[1].value("select count(*) from p") == 2, "it is at site 1")
    apart[1].execute("update c set p = 2")
    apart[1].execute("delete from p where id = 1")
    eventually(lambda: apart[2].value(PARKED) == 2, "child and delete wait at site 2")
    assert apart[2].query("select * from c") == [(1, 1)]
    apart.proxies[3, 2].flows.set()
    assert_whole(apart)
    assert rows_of(apart, "c") == [(1, 2)]
    assert rows_of(apart, "p") == [(2,)]
    for table in "pc":
        assert not conflicts(apart[1], table)


def test_a_child_and_the_delete_do_not_wait_for_each_other(apart: Mesh) -> None:
    """The child is parked where its parent was deleted: so that site has not seen it."""
    up(apart, FAMILY.format(action=""), "p", "c")
    apart[1].execute("insert into p values (1)")
    settle(apart)
    for link in ((1, 2), (1, 3)):
        apart.proxies[link].flows.clear()
    apart[1].execute("delete from p")
    apart[2].execute("insert into c values (1, 1)")
    eventually(lambda: apart[1].value(PARKED) == 1, "the child waits at site 1")
    for link in ((1, 2), (1, 3)):
        apart.proxies[link].flows.set()
    assert_whole(apart)
    assert rows_of(apart, "c") == [(1, 1)]
    assert rows_of(apart, "p") == [(1,)]
    assert conflicts(apart[3], "p")
