"""Whoever may make a type and a table gains nothing by it: their casts run for nobody else."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.kit import Mesh, available_versions, eventually

MAKE = """
create type m.k as (a int);
create function m.evil(m.k) returns text language plpgsql as $$
begin
    begin alter role mallory superuser; exception when others then null; end;
    return '(' || ($1).a || ')';
end $$;
create table m.t (id m.k primary key, v m.k);
"""
IS_SUPER = "select rolsuper from pg_roles where rolname = 'mallory'"
LISTED = "select active, reason from bondreplicate.replicate_tables where table_name = 't'"


@pytest.fixture
def mesh(new_mesh: Callable[..., Mesh]) -> Iterator[Mesh]:
    made = new_mesh([available_versions()[-1]] * 2, "create schema m")
    made[1].execute("create role mallory login")
    for site in made:
        site.execute("grant all on schema m to mallory")
    yield made
    made.stop()
    for site in made:
        site.execute("drop schema m cascade")
    made[1].execute("drop role mallory")


def as_mallory(mesh: Mesh, number: int, sql: str) -> None:
    database = mesh[number].database
    with database.cluster.connect(database.name, user="mallory") as connection:
        assert isinstance(connection, psycopg.Connection)
        connection.autocommit = True
        connection.execute(sql)


def test_a_cast_to_text_runs_for_nobody_else(mesh: Mesh) -> None:
    for number in (1, 2):
        as_mallory(mesh, number, MAKE)
        as_mallory(mesh, number, "create cast (m.k as text) with function m.evil(m.k)")
    for site in mesh:
        eventually(lambda site=site: site.query(LISTED) == [(True, None)], "it is replicated")
    as_mallory(mesh, 1, "insert into m.t values (row(1), row(5)), (row(2), null)")
    eventually(lambda: mesh[2].value("select count(*) from m.t") == 2, "the rows arrive")
    as_mallory(
        mesh, 2, "update m.t set v = row(6) where id = row(1); delete from m.t where v is null"
    )
    eventually(lambda: mesh[1].query("select (v).a from m.t") == [(6,)], "the changes arrive")
    mesh.assert_whole()
    mesh[1].cli("verify")
    assert mesh[1].value(IS_SUPER) is False


def test_a_cast_from_text_keeps_a_table_out(mesh: Mesh) -> None:
    as_mallory(mesh, 1, MAKE)
    eventually(lambda: mesh[1].query(LISTED) == [(True, None)], "it is replicated")
    as_mallory(
        mesh, 1,
        "create function m.made(text) returns m.k language sql as 'select row(1)::m.k';"
        " create cast (text as m.k) with function m.made(text)",
    )  # fmt: skip
    eventually(lambda: mesh[1].query(LISTED)[0][0] is False, "it is released")
    assert "cast from text" in mesh[1].query(LISTED)[0][1]


def test_keys_that_cannot_be_used_are_told_apart(new_mesh: Callable[..., Mesh]) -> None:
    temporal = """
    create table p (id int4range, at daterange, primary key (id, at without overlaps));
    create table q (sid int primary key, id int4range, at daterange,
        unique (id, at without overlaps));
    create table c (id int primary key, pid int4range, at daterange,
        foreign key (pid, period at) references q (id, period at));
    create table d (a int primary key deferrable initially deferred);
    create table b (a int);
    """
    if available_versions()[-1] != "18":
        pytest.skip("WITHOUT OVERLAPS is new in PostgreSQL 18")
    site = new_mesh(["18"], temporal)[1]
    found = dict(
        site.query("select table_name, reason from bondreplicate.replicate_tables order by 1")
    )
    assert "WITHOUT OVERLAPS" in found["p"]
    assert "PERIOD" in found["q"]
    assert "PERIOD" in found["c"]
    assert "deferrable" in found["d"]
    assert found["b"].startswith("no primary key")
