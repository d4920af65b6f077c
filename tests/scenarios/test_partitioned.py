"""Partitioned tables are not replicated yet: that is said, and nothing else waits for them."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole, conflicts, rows_of

pytestmark = pytest.mark.timeout(120)

SETUP = """
create table pp (id int primary key, u int) partition by list (id);
create table pp1 partition of pp for values in (1);
create table pp2 partition of pp for values in (2);
create table pf (id int primary key, p int references pp on delete cascade);
create table plain (id int primary key);
insert into pp values (2, 2);
"""


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"), SETUP)
    yield mesh
    mesh.end()


def test_they_are_named_with_the_reason(mesh: Mesh) -> None:
    listed = mesh[1].cli_json("tables", "list")
    reasons = {t["table"]: t["reason"] for t in listed if t["table"].startswith("public.pp")}
    assert reasons == {
        "public.pp": "partitioned table: not replicated yet",
        "public.pp1": "partition: not replicated yet",
        "public.pp2": "partition: not replicated yet",
    }


def test_s38_a_child_of_one_waits_alone(mesh: Mesh) -> None:
    """Each site has rows of its own in it; a TRUNCATE, or a DELETE, of one is no other's."""
    mesh[1].execute("insert into pp values (1, 1); insert into pf values (10, 1), (20, 2)")
    mesh[1].execute("insert into plain values (1)")
    eventually(lambda: mesh[2].value("select count(*) from plain") == 1, "plain tables go on")
    eventually(lambda: mesh[2].value(PARKED) == 1, "the child waits whose parent is not there")
    assert mesh[2].query("select * from pf") == [(20, 2)]
    mesh[2].execute("insert into pp values (1, 1)")
    eventually(lambda: mesh[2].value("select count(*) from pf") == 2, "it has its parent now")
    mesh[1].execute("truncate pp1 cascade")
    mesh[1].execute("insert into plain values (2)")
    eventually(lambda: mesh[2].value("select count(*) from plain") == 2, "plain tables go on")
    eventually(lambda: mesh[2].value("select count(*) from pf") == 0, "the children are truncated")
    assert mesh[2].query("select * from pp order by id") == [(1, 1), (2, 2)]
    for site in mesh:
        site.execute("drop table pp cascade")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "pf") == []
    assert not conflicts(mesh[1], "pf")
