"""Rows that stopped a link, or came to differ: by their columns' kinds and their constraints."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.steps import assert_whole, parted, rows_of, up

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16"))
    yield mesh
    mesh.end()


def test_a_unique_generated_column(mesh: Mesh) -> None:
    up(
        mesh,
        "create table low (id int primary key, mail text,"
        " l text generated always as (lower(mail)) stored unique)",
        "low",
    )
    with parted(mesh):
        mesh[1].execute("insert into low values (1, 'M')")
        mesh[2].execute("insert into low values (2, 'm')")
    assert_whole(mesh)
    assert rows_of(mesh, "low") == [(2, "m", "m")]


@pytest.mark.parametrize("reference", ["not null references p", "references p"])
def test_set_null_where_null_may_not_stand(mesh: Mesh, reference: str) -> None:
    may = "not null" not in reference
    up(
        mesh,
        "create table p (id int primary key); insert into p values (1);"
        f"create table c (id int primary key, p int {reference} on delete set null)",
        "p",
        "c",
    )
    with parted(mesh):
        mesh[1].execute("delete from p")
        mesh[2].execute("insert into c values (1, 1)")
    assert_whole(mesh)
    assert rows_of(mesh, "c") == [(1, None if may else 1)]


def test_set_null_sets_the_columns_it_names(mesh: Mesh) -> None:
    up(
        mesh,
        "create table p (t int, id int, primary key (t, id)); insert into p values (1, 1);"
        "create table c (id int primary key, t int not null, p int,"
        " foreign key (t, p) references p on delete set null (p))",
        "p",
        "c",
    )
    with parted(mesh):
        mesh[1].execute("delete from p")
        mesh[2].execute("insert into c values (1, 1, 1)")
    assert_whole(mesh)
    assert rows_of(mesh, "c") == [(1, 1, None)]


def test_children_that_point_at_a_code_follow_a_merged_parent(mesh: Mesh) -> None:
    up(
        mesh,
        "create table p (id int primary key, code text unique, mail text unique);"
        "create table c (id int primary key, code text references p (code))",
        "p",
        "c",
    )
    with parted(mesh):
        mesh[1].execute("insert into p values (11, 'c1', 'm'); insert into c values (1, 'c1')")
        mesh[2].execute("insert into p values (12, 'c2', 'm'); insert into c values (2, 'c2')")
    assert_whole(mesh)
    assert rows_of(mesh, "p") == [(12, "c2", "m")]
    assert rows_of(mesh, "c") == [(1, "c2"), (2, "c2")]


def test_a_key_that_is_equal_and_looks_otherwise(mesh: Mesh) -> None:
    up(mesh, "create table k (id numeric primary key); insert into k values (1.0)", "k")
    mesh[1].execute("update k set id = 1.00")
    assert_whole(mesh)
    assert str(rows_of(mesh, "k")[0][0]) == "1.00"


def test_an_identity_that_no_update_can_set(mesh: Mesh) -> None:
    up(
        mesh,
        "create table a (id int primary key, n int generated always as identity);"
        "insert into a (id) values (1)",
        "a",
    )
    mesh[1].execute("begin; delete from a; insert into a (id) values (1); commit")
    assert_whole(mesh)
    assert rows_of(mesh, "a")[0][1] > 1
