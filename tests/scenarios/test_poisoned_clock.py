"""Scenario 84: a clock in the year 2099 wins nothing at other sites, and is got over."""

from collections.abc import Callable

import pytest

from tests.kit import Mesh, eventually, faketime_library, mixed_versions, pause
from tests.scenarios.steps import assert_whole, rows_of, up

pytestmark = [
    pytest.mark.timeout(240),
    pytest.mark.skipif(faketime_library() is None, reason="libfaketime is not installed"),
]

SETUP = (
    "create table poison (id int primary key, t text);"
    "insert into poison values (1, ''), (2, ''), (3, '')"
)
YEAR_2099 = "+27000d"


def test_s84_a_clock_in_the_year_2099(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(mixed_versions(3), cluster_options={"clock_offset": "+0"})
    up(mesh, SETUP, "poison")
    clock = mesh[1].database.cluster.clock
    assert clock is not None
    clock.set(YEAR_2099)
    mesh[1].execute("update poison set t = 'poison' where id in (1, 2)")
    mesh[2].execute("update poison set t = 'two' where id = 1")
    eventually(lambda: mesh[3].value("select t from poison where id = 1") == "two", "3 has it")
    eventually(
        lambda: "ahead" in mesh[1].cli("status", check=None).stdout, "the link says what it is"
    )
    pause(1)
    for site in (mesh[2], mesh[3]):
        assert site.query("select id from poison where t = 'poison'") == []
        assert site.value(
            "select floor < clock_timestamp() + interval '1 day' from bondreplicate.replicate_state"
        )
    clock.set("+0")
    mesh[1].execute("update poison set t = 'after' where id = 2")
    assert_whole(mesh)
    rows = rows_of(mesh, "poison")
    assert rows[1:] == [(2, "after"), (3, "")], "its later writes beat its own earlier ones"
    mesh[2].execute("update poison set t = 'last' where id in (1, 2)")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "poison") == [(1, "last"), (2, "last"), (3, "")]
