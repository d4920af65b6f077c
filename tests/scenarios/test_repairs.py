"""Constraints broken by concurrent changes: every site makes the same repair, and tells of it."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.steps import assert_whole, conflicts, one_a_day, parted, two_or_three, up

pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module", params=two_or_three(("16", "18"), ("18", "15", "16")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param)
    yield mesh
    mesh.end()


def rows_where(site: Site, table: str, where: str) -> list[tuple[object, ...]]:
    """Some rows of a table at one site, in order."""
    return site.query(f"select * from {table} where {where} order by 1")


def parents(name: str, reference: str = "") -> str:
    """A table of parents with a unique column, and one of children."""
    return (
        f"create table {name} (id int primary key, mail text unique);"
        f"create table {name}_child (id int primary key, p int references {name} {reference});"
        f"insert into {name} values (1, 'one'), (2, 'two');"
        f"insert into {name}_child values (1, 2)"
    )


def test_same_mail_twice_the_later_stays_with_all_children(mesh: Mesh) -> None:
    up(mesh, parents("twice"), "twice", "twice_child")
    with parted(mesh):
        mesh[1].execute("insert into twice values (11, 'm')")
        mesh[1].execute("insert into twice_child values (111, 11)")
        mesh[2].execute("insert into twice values (12, 'm')")
        mesh[2].execute("insert into twice_child values (112, 12)")
    assert_whole(mesh)
    assert rows_where(mesh[1], "twice", "mail = 'm'") == [(12, "m")]
    assert rows_where(mesh[1], "twice_child", "id > 100") == [(111, 12), (112, 12)]
    for site in mesh:
        told = [c for c in conflicts(site, "twice") if c["kind"] == "unique"]
        assert [(c["key"], c["loser_row"]) for c in told] == [(["11"], ["11", "m"])]


def test_a_deleted_parent_comes_back_for_a_new_child(mesh: Mesh) -> None:
    up(mesh, parents("back"), "back", "back_child")
    for first, second, parent in ((1, 2, 1), (2, 1, 2)):
        child = 50 + parent
        with parted(mesh):
            mesh[first].execute("delete from back_child where p = %s", [parent])
            mesh[first].execute("delete from back where id = %s", [parent])
            mesh[second].execute("insert into back_child values (%s, %s)", [child, parent])
        assert_whole(mesh)
        assert rows_where(mesh[1], "back_child", f"id = {child}") == [(child, parent)]
        for site in mesh:
            assert site.value("select count(*) from bondreplicate.replicate_parked") == 0
            assert any(c["kind"] == "foreign key" for c in conflicts(site, "back"))


@pytest.mark.parametrize(
    ("action", "child"),
    [
        ("set default", [(50, None)]),
        pytest.param("cascade", [], marks=pytest.mark.soak),
        pytest.param("set null", [(50, None)], marks=pytest.mark.soak),
    ],
)
def test_children_follow_a_deleted_parent(
    mesh: Mesh, action: str, child: list[tuple[int, int | None]]
) -> None:
    table = f"follow_{action.replace(' ', '_')}"
    up(mesh, parents(table, f"on delete {action}"), table, f"{table}_child")
    with parted(mesh):
        mesh[1].execute(f"delete from {table} where id = 2")
        mesh[2].execute(f"insert into {table}_child values (50, 2)")
    assert_whole(mesh)
    assert rows_where(mesh[1], f"{table}_child", "id = 50") == child


@pytest.mark.parametrize(
    "late", one_a_day("deferrable initially deferred", ""), ids=["late", "now"]
)
def test_unique_values_change_hands(mesh: Mesh, late: str) -> None:
    table = f"hands_{'late' if late else 'now'}"
    up(
        mesh,
        f"create table {table} (id int primary key, pos int unique {late});"
        f"insert into {table} values (1, 1), (2, 2), (3, 3)",
        table,
    )
    mesh[1].execute(
        f"begin; update {table} set pos = -1 where id = 1; update {table} set pos = 1 where id = 2;"
        f"update {table} set pos = 2 where id = 1; commit"
    )
    assert_whole(mesh)
    assert rows_where(mesh[2], table, "true") == [(1, 2), (2, 1), (3, 3)]
    assert not conflicts(mesh[2], table)
    with parted(mesh):
        mesh[1].execute(f"insert into {table} values (4, 9)")
        mesh[2].execute(f"update {table} set pos = 9 where id = 3")
    assert_whole(mesh)
    assert rows_where(mesh[1], table, "pos = 9") == [(3, 9)]


def test_a_truncate_spares_what_is_later(mesh: Mesh) -> None:
    up(
        mesh,
        "create table cut (id int primary key, t text);"
        "insert into cut values (1, 'a'), (2, 'b'), (3, 'c')",
        "cut",
    )
    with parted(mesh):
        mesh[1].execute("truncate cut")
        mesh[2].execute("update cut set t = 'earlier' where id = 1")
        mesh[1].execute("truncate cut")  # of two, the last counts
        mesh[2].execute("update cut set t = 'later' where id = 2")
        mesh[2].execute("insert into cut values (4, 'new')")
    assert_whole(mesh)
    assert rows_where(mesh[1], "cut", "true") == [(2, "later"), (4, "new")]
    assert any(c["loser_row"] == ["1", "earlier"] for c in conflicts(mesh[1], "cut"))


def test_one_row_that_is_refused_waits_alone(mesh: Mesh) -> None:
    up(mesh, "create table refused (id int primary key, n int)", "refused")
    mesh[2].execute("alter table refused add constraint small check (n < 100)")
    mesh[1].execute("insert into refused values (1, 50), (2, 500), (3, 60)")
    mesh.settle(30)
    assert rows_where(mesh[2], "refused", "true") == [(1, 50), (3, 60)]
    [parked] = mesh[2].query("select key, reason from bondreplicate.replicate_parked")
    assert parked[0] == ["2"]
    assert "small" in parked[1]
    mesh[2].execute("alter table refused drop constraint small")
    eventually(
        lambda: mesh[2].value("select count(*) from bondreplicate.replicate_parked") == 0,
        "the parked row is tried again and fits",
    )
    assert_whole(mesh)
    assert rows_where(mesh[2], "refused", "true") == [(1, 50), (2, 500), (3, 60)]
