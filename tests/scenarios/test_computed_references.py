"""Foreign keys over columns whose values do not travel, and keys that are partly null."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import ACTIVE, assert_whole, parted, rows_of, settle, up

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("16", "18"))
    yield mesh
    mesh.end()


def test_a_parent_is_referenced_by_a_generated_column(mesh: Mesh) -> None:
    up(
        mesh,
        """
        create table pet (
            id int primary key, kind text generated always as (lower(name)) stored, name text,
            unique (id, kind)
        );
        create table dog (
            id int primary key, kind text generated always as ('dog') stored,
            foreign key (id, kind) references pet (id, kind)
        );
        """,
        "pet",
        "dog",
    )
    mesh[1].execute("insert into pet (id, name) values (1, 'Dog'), (2, 'Dog'), (3, 'Cat')")
    mesh[1].execute("insert into dog (id) values (1)")
    settle(mesh)
    with parted(mesh):
        mesh[1].execute("update pet set name = 'Cat' where id = 2")
        mesh[2].execute("insert into dog (id) values (2)")
        mesh[2].execute("update pet set name = 'DOG' where id = 1")
    assert_whole(mesh)
    assert rows_of(mesh, "dog") == [(1, "dog"), (2, "dog")]
    assert [row[:2] for row in rows_of(mesh, "pet")] == [(1, "dog"), (2, "dog"), (3, "cat")]


def test_a_child_that_is_partly_generated_follows_a_merged_parent(mesh: Mesh) -> None:
    up(
        mesh,
        """
        create table owner (
            id int primary key, kind text not null, email text unique, unique (kind, id)
        );
        create table owned (
            id int primary key, kind text generated always as ('dog') stored, p int,
            foreign key (kind, p) references owner (kind, id)
        );
        """,
        "owner",
        "owned",
    )
    with parted(mesh):
        mesh[1].execute("insert into owner values (1, 'dog', 'e')")
        mesh[1].execute("insert into owned (id, p) values (10, 1)")
        mesh[2].execute("insert into owner values (2, 'dog', 'e')")
        mesh[2].execute("insert into owned (id, p) values (20, 2)")
    assert_whole(mesh)
    assert rows_of(mesh, "owned") == [(10, "dog", 2), (20, "dog", 2)]


def test_a_column_that_only_the_target_has_is_referenced(mesh: Mesh) -> None:
    up(mesh, "create table part (id int primary key, n text)", "part")
    mesh[2].execute(
        "alter table part add code int not null default 7 unique;"
        "create table uses (id int primary key, code int references part (code))"
    )
    eventually(lambda: mesh[2].value(ACTIVE, [["uses"]]) == 1, "it is known")
    mesh[1].execute("insert into part values (1, 'x')")
    there = "select count(*) from part"
    eventually(lambda: mesh[2].value(there) == 1, "the parent came", 20)
    mesh[1].execute("delete from part")
    eventually(lambda: mesh[2].value(there) == 0, "the parent went", 20)
    for site in mesh:
        site.execute("drop table if exists uses; drop table part")


def test_a_key_with_a_null_field_is_no_missing_row(mesh: Mesh) -> None:
    up(
        mesh,
        "create type pair as (a int, b int);"
        "create table paired (k pair primary key, n int, up pair references paired)",
        "paired",
    )
    mesh[1].execute("insert into paired values ('(,)', 1), ('(1,)', 1), ('(1,2)', 1)")
    assert_whole(mesh)
    assert len(rows_of(mesh, "paired")) == 3
    with parted(mesh):
        mesh[1].execute("update paired set n = 2 where k::text = '(,)'")
        mesh[2].execute("insert into paired values ('(5,)', 1, '(1,)')")
        mesh[1].execute("delete from paired where k::text = '(1,)'")
    assert_whole(mesh)
    assert [n for _, n, _ in rows_of(mesh, "paired", "k::text")] == [2, 1, 1, 1]
