"""A unique value that goes from row to row, and a key that changes: sites hear of it late.

No two users wrote anything that clashes, so nothing may be removed or told as a conflict.
"""

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

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def apart() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), proxies=True)
    yield mesh
    mesh.end()


@pytest.fixture(scope="module", params=two_or_three(("16", "18"), ("18", "15", "16")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param)
    yield mesh
    mesh.end()


LATE = ["", "deferrable initially deferred"]


@pytest.mark.parametrize("late", LATE, ids=["now", "late"])
def test_s69_a_unique_value_is_handed_on_at_another_site(apart: Mesh, late: str) -> None:
    """Site 3 hears of the row that has the value now before the one that had it has changed."""
    up(
        apart,
        f"create table uc (id int primary key, u text unique {late});"
        "insert into uc values (1, 'a'), (2, 'b'), (3, 'c')",
        "uc",
    )
    apart.proxies[1, 3].flows.clear()
    apart[1].execute("update uc set u = 't' where id = 1")
    apart[1].execute("update uc set u = 'a2' where id = 1")
    eventually(lambda: apart[2].value("select u from uc where id = 1") == "a2", "site 2 has it")
    apart[2].execute("update uc set u = 'a' where id = 2")
    eventually(lambda: apart[3].value(PARKED) == 1, "row 2 waits at site 3")
    eventually(lambda: apart[1].value("select u from uc where id = 2") == "a", "site 1 has it")
    apart[2].execute("update uc set u = 'b' where id = 3")
    eventually(lambda: apart[3].value(PARKED) == 2, "row 3 waits for row 2")
    assert apart[3].query("select * from uc order by 1") == [(1, "a"), (2, "b"), (3, "c")]
    apart.proxies[1, 3].flows.set()
    assert_whole(apart)
    assert rows_of(apart, "uc") == [(1, "a2"), (2, "a"), (3, "b")]
    assert not conflicts(apart[3], "uc")


def test_a_value_that_is_free_and_taken_while_it_is_on_its_way(apart: Mesh) -> None:
    """A true clash with what waits is still decided, the same everywhere."""
    up(
        apart,
        "create table ut (id int primary key, u text unique); insert into ut values (1, 'a')",
        "ut",
    )
    apart.proxies[1, 3].flows.clear()
    apart[1].execute("update ut set u = 'z' where id = 1")
    eventually(lambda: apart[2].value("select u from ut where id = 1") == "z", "site 2 has it")
    apart[2].execute("insert into ut values (2, 'a')")
    eventually(lambda: apart[3].value(PARKED) == 1, "row 2 waits at site 3")
    apart[3].execute("update ut set u = 'y' where id = 1")
    apart[3].execute("insert into ut values (3, 'b')")
    apart.proxies[1, 3].flows.set()
    assert_whole(apart)
    assert rows_of(apart, "ut") == [(1, "y"), (2, "a"), (3, "b")]


ON_DELETE = ["", "on delete cascade", "on delete set null"]


@pytest.mark.parametrize("on_delete", one_a_day(*ON_DELETE))
@pytest.mark.parametrize("changer", [1, 2])
def test_s76_children_follow_a_key_that_was_changed(
    mesh: Mesh, on_delete: str, changer: int
) -> None:
    p, c, j = (f"{name}{changer}{ON_DELETE.index(on_delete)}" for name in ("kp", "kc", "kj"))
    # A column of a primary key can not be set to null.
    joins = on_delete.replace("on delete set null", "")
    up(
        mesh,
        f"create table {p} (id int primary key, t text);"
        f"create table {c} (id int primary key,"
        f" p int references {p} on update cascade {on_delete});"
        f"create table {j} (p int references {p} on update cascade {joins}, q int,"
        f" primary key (p, q)); insert into {p} values (1, 'one'), (5, 'five')",
        *(p, c, j),
    )
    with parted(mesh):
        mesh[changer].execute(f"update {p} set id = 2 where id = 1")
        mesh[changer].execute(f"update {p} set id = 3 where id = 2")
        mesh[3 - changer].execute(f"insert into {c} values (10, 1), (11, 5)")
        mesh[3 - changer].execute(f"insert into {j} values (1, 7)")
    assert_whole(mesh)
    assert rows_of(mesh, p) == [(3, "one"), (5, "five")]
    assert rows_of(mesh, c) == [(10, 3), (11, 5)]
    assert rows_of(mesh, j) == [(3, 7)]


def test_s31_keys_shift_and_swap(mesh: Mesh) -> None:
    up(
        mesh,
        "create table pk (id int primary key, t text);"
        "create table pkc (id int primary key, p int references pk (id) on update cascade)",
        "pk",
        "pkc",
    )
    mesh[1].execute("insert into pk values (1, 'a'), (2, 'b'), (3, 'c')")
    mesh[1].execute("insert into pkc values (1, 1), (2, 2)")
    settle(mesh)
    mesh[1].execute("update pk set id = id + 100")
    mesh[1].execute(
        "begin; update pk set id = -1 where id = 101; update pk set id = 101 where id = 102;"
        "update pk set id = 102 where id = -1; commit"
    )
    assert_whole(mesh)
    assert rows_of(mesh, "pk") == [(101, "b"), (102, "a"), (103, "c")]
    assert rows_of(mesh, "pkc") == [(1, 102), (2, 101)]
    assert not conflicts(mesh[1], "pk")
    assert not conflicts(mesh[1], "pkc")
