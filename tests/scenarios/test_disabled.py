"""Tables that are disabled, at one site or at both, and come back: in every order of events."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.steps import (
    ACTIVE,
    PARKED,
    assert_whole,
    conflicts,
    freeze,
    one_a_day,
    rows_of,
    thaw,
    up,
)

pytestmark = pytest.mark.timeout(120)

KEPT = "select count(*) from bondreplicate.replicate_log"
LISTED = "select {} from bondreplicate.replicate_tables where table_name = '{}'"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16"), proxies=True)
    yield mesh
    mesh.end()


def listed(site: Site, what: str, table: str) -> object:
    found = site.query(LISTED.format(what, table))
    return found[0][0] if found else None


def made(mesh: Mesh, table: str) -> str:
    up(mesh, f"create table {table} (id int primary key, n int)", table)
    mesh[1].execute(f"insert into {table} values (1, 0), (2, 0)")
    assert_whole(mesh)
    return table


def disable(site: Site, table: str) -> None:
    site.cli("tables", "disable", table)
    eventually(lambda: site.value(ACTIVE, [[table]]) == 0, "its triggers are gone")


def enable(site: Site, table: str) -> None:
    site.cli("tables", "enable", table)
    eventually(lambda: site.value(ACTIVE, [[table]]) == 1, "it is back")


def passed_over(mesh: Mesh, origin: int, target: int, table: str) -> None:
    """The target is not sent what was changed, and the origin forgets it."""
    site = mesh[origin]
    eventually(lambda: listed(site, "passed_over", table) == [target], "it is passed over")
    eventually(lambda: site.value(KEPT) == 0, "and forgotten")


def test_the_last_to_come_back_takes_what_the_others_have(mesh: Mesh) -> None:
    """It was disabled at each for a while: each notes that the other one lacks rows.

    Daemons are killed at the moment when both are about to send all that they have.
    """
    t = made(mesh, "both_out")
    disable(mesh[1], t)
    mesh[2].execute(f"update {t} set n = 5 where id = 1")
    passed_over(mesh, 2, 1, t)
    disable(mesh[2], t)
    enable(mesh[1], t)
    mesh[1].execute(f"update {t} set n = 7 where id = 2")
    passed_over(mesh, 1, 2, t)
    mesh.stop()
    mesh[2].cli("tables", "enable", t)
    for number in (2, 1):
        mesh[number].start_daemon(wait=False, failpoint="extract_begun")
        mesh[number].wait_failpoint()
    mesh.start()
    assert_whole(mesh)
    assert rows_of(mesh, t) == [(1, 0), (2, 7)]


def test_a_table_is_enabled_again_before_it_could_be_released(mesh: Mesh) -> None:
    """A user has it locked meanwhile; the other site has sent nothing of it, and has forgotten."""
    t = made(mesh, "held")
    with mesh[2].database.connect() as user:
        user.execute(f"begin; lock table {t} in row exclusive mode")
        mesh[2].cli("tables", "disable", t)
        eventually(lambda: listed(mesh[2], "reason ~ '^disabled'", t), "the daemon has seen it")
        mesh[1].execute(f"update {t} set n = 1 where id = 1")
        passed_over(mesh, 1, 2, t)
        mesh[2].cli("tables", "enable", t)
        mesh[1].execute(f"insert into {t} values (3, 3)")  # its link finds out at once
        eventually(lambda: listed(mesh[1], "passed_over", t) == [], "site 1 makes up for it")
        assert mesh[2].query(f"select n from {t} where id = 1") == [(0,)], "it takes nothing yet"
        user.execute("commit")
    assert_whole(mesh)
    assert rows_of(mesh, t) == [(1, 1), (2, 0), (3, 3)]


@pytest.mark.parametrize("anew", one_a_day(True, False), ids=["made anew", "dropped"])
def test_a_table_is_dropped_while_what_was_captured_is_on_its_way(mesh: Mesh, anew: bool) -> None:
    """It holds up no other table, and what it had changed is not taken for rows deleted."""
    t = made(mesh, f"dropped_{anew}".lower())
    other = made(mesh, f"other_{anew}".lower())
    with mesh.unplugged(1):
        mesh[2].execute(f"update {t} set n = 5 where id = 1")
        mesh[2].cli("tables", "disable", t)
        eventually(lambda: listed(mesh[2], "owed", t), "it is owed")
        again = f"create table {t} (id int primary key, n int)" if anew else ""
        mesh[2].execute(f"drop table {t}; {again}")
        eventually(lambda: not listed(mesh[2], "active", t), "the daemon has seen it")
    mesh[2].execute(f"insert into {other} values (3, 3)")
    eventually(lambda: mesh[1].query(f"select from {other} where id = 3"), "another table goes on")
    assert mesh[1].query(f"select * from {t} order by id") == [(1, 0), (2, 0)]
    assert not listed(mesh[2], "enabled", t), "still"
    mesh[1].execute(f"drop table {t}")
    mesh[2].execute(f"drop table if exists {t}")


def test_what_was_written_without_triggers_is_later_than_what_waits(mesh: Mesh) -> None:
    t = made(mesh, "switched_off")
    mesh[2].execute(f"alter table {t} add constraint no_five check (n <> 5)")
    mesh[1].execute(f"update {t} set n = 5 where id = 1")
    eventually(lambda: mesh[2].value(PARKED) == 1, "a change of site 1 waits")
    watched = (
        "select watched_stamp > (select max(parked_at) from bondreplicate.replicate_parked)"
        " from bondreplicate.replicate_clock"
    )
    eventually(lambda: mesh[2].value(watched), "the triggers were looked at since", 30)
    freeze(mesh)
    mesh[2].execute(
        f"alter table {t} disable trigger all; update {t} set n = 6 where id = 1;"
        f" alter table {t} enable trigger all"
    )
    thaw(mesh)
    eventually(lambda: rows_of(mesh, t) == [(1, 6), (2, 0)], "the later change stays")
    assert_whole(mesh)


def test_a_row_from_before_the_table_was_followed_is_told_where_it_gives_way(mesh: Mesh) -> None:
    """Site 1 has changed that row, which waits at site 2 until the table is there."""
    mesh[1].execute("create table late (id int primary key, n int); insert into late values (1, 1)")
    eventually(lambda: mesh[2].value(PARKED) == 1, "the row waits")
    freeze(mesh)
    mesh[1].execute("update late set n = 2")
    mesh[2].execute("create table late (id int primary key, n int); insert into late values (1, 3)")
    thaw(mesh)
    eventually(lambda: mesh[2].value(ACTIVE, [["late"]]) == 1, "site 2 has it too")
    assert_whole(mesh)
    assert rows_of(mesh, "late") == [(1, 2)]
    lost = {"['1', '3']"}
    for site in mesh:
        eventually(
            lambda site=site: {str(c["loser_row"]) for c in conflicts(site, "late")} == lost,
            "it is told",
        )


def test_rows_deleted_while_a_table_is_disabled_come_back(mesh: Mesh) -> None:
    """The other site has changed nothing meanwhile; a row that only the one has goes there."""
    t = made(mesh, "emptied")
    disable(mesh[2], t)
    mesh[2].execute(f"delete from {t}; insert into {t} values (3, 3)")
    enable(mesh[2], t)
    mesh[1].execute(f"insert into {t} values (4, 4)")
    assert_whole(mesh)
    assert rows_of(mesh, t) == [(1, 0), (2, 0), (3, 3), (4, 4)]
    assert [listed(site, "lacks", t) for site in mesh] == [[], [2]], "of themselves alone"
