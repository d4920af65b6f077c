"""Changes that cannot be applied when they come, and what happens meanwhile to their rows."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.kit import Mesh, available_versions, eventually, make_mesh
from tests.scenarios.steps import (
    ACTIVE,
    FILLING,
    PARKED,
    assert_whole,
    conflicts,
    freeze,
    one_a_day,
    parted,
    rows_of,
    thaw,
    up,
    wait_delivered,
)

pytestmark = pytest.mark.timeout(120)

COLLATION = (
    "create collation ci (provider = icu, locale = 'und-u-ks-level2', deterministic = false)"
)
TRIES = "select tries from bondreplicate.replicate_parked"
KEPT = "select count(*) from bondreplicate.replicate_log"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def waits(mesh: Mesh, count: int) -> None:
    eventually(lambda: mesh[2].value(PARKED) == count, f"{count} changes wait at site 2")


def refuse(mesh: Mesh, table: str) -> None:
    """Site 2 takes no change of n to 5: a check that only it has."""
    mesh[2].execute(f"alter table {table} add constraint no_five check (n <> 5)")


def admit(mesh: Mesh, table: str) -> None:
    mesh[2].execute(f"alter table {table} drop constraint no_five")


def told(mesh: Mesh, table: str) -> list[tuple[object, ...]]:
    """Key, winner's and loser's site of each conflict, the same at both sites."""

    def is_told() -> list[tuple[object, ...]]:
        found = [
            [(c["key"], c["winner_site"], c["loser_site"]) for c in conflicts(site, table)]
            for site in mesh
        ]
        assert found[0] == found[1]
        assert found[0]
        return found[0]

    return eventually(is_told, "both sites tell of the conflict", 20)


@pytest.mark.parametrize("later", [1, 2])
def test_a_conflict_with_a_change_that_waits_is_told(mesh: Mesh, later: int) -> None:
    """Its origin has seen the other change by the time that it can be applied."""
    up(mesh, "create table w (id int primary key, n int); insert into w values (1, 0)", "w")
    refuse(mesh, "w")
    writes = {1: "update w set n = 5 where id = 1", 2: "update w set n = 6 where id = 1"}
    with parted(mesh):
        mesh[3 - later].execute(writes[3 - later])
        mesh[later].execute(writes[later])
    if later == 1:
        waits(mesh, 1)
        admit(mesh, "w")
    assert_whole(mesh)
    assert rows_of(mesh, "w") == [(1, 5 if later == 1 else 6)]
    assert told(mesh, "w") == [(["1"], later, 3 - later)]


def test_a_change_that_waits_while_a_later_one_is_forgotten(mesh: Mesh) -> None:
    """Site 2 changes the row after the change that waits has come, and every site has that."""
    up(mesh, "create table w (id int primary key, n int); insert into w values (1, 0)", "w")
    refuse(mesh, "w")
    freeze(mesh)
    mesh[1].execute("update w set n = 5 where id = 1")
    mesh[2].execute("update w set n = 6 where id = 1")
    thaw(mesh)
    assert_whole(mesh)
    assert rows_of(mesh, "w") == [(1, 6)]
    assert told(mesh, "w") == [(["1"], 2, 1)]


def test_truncates_of_a_table_that_is_missing(mesh: Mesh) -> None:
    """Several at once, and rows older than the last of them: it must not come back to life."""
    up(mesh, "create table other (id int primary key)", "other")
    mesh[1].execute("create table t (id int primary key, n int)")
    mesh[1].execute("insert into t select i, 0 from generate_series(1, 10) i")
    waits(mesh, 10)
    freeze(mesh)
    mesh[1].execute("truncate t")
    mesh[1].execute("insert into t values (3, 3)")
    mesh[1].execute("truncate t")
    mesh[1].execute("insert into t values (4, 4)")
    thaw(mesh)
    waits(mesh, 11)
    mesh[2].execute("create table t (id int primary key, n int)")
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(4, 4)]


def test_a_truncate_waits_and_later_rows_stay(mesh: Mesh) -> None:
    """What site 2 writes after a TRUNCATE that waits there is later, and must not be forgotten."""
    table = "create table t (id int primary key, n int{}); insert into t (id, n) values (1, 0)"
    up(mesh, table.format(""), "t")
    mesh[1].execute("alter table t add more int")
    eventually(
        lambda: mesh[1].value("select 'more' = any(columns) from bondreplicate.replicate_tables"),
        "site 1 knows the column",
    )
    mesh[1].execute("truncate t")
    waits(mesh, 1)
    mesh[2].execute("insert into t values (2, 2)")
    eventually(lambda: mesh[1].value("select count(*) from t") == 1, "the row is at site 1")
    eventually(lambda: mesh[1].value(KEPT) == 0, "site 1 has forgotten all")
    assert mesh[2].value(KEPT) > 0, "site 2 remembers what is later than the TRUNCATE"
    mesh[2].execute("alter table t add more int")
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(2, 2, None)]


def test_what_waits_finds_a_table_that_was_renamed_there_first(mesh: Mesh) -> None:
    up(mesh, "create table a (id int primary key, n int); insert into a values (1, 0)", "a")
    mesh[2].execute("alter table a rename to b")
    eventually(
        lambda: mesh[2].value("select table_name = 'b' from bondreplicate.replicate_tables"),
        "site 2 knows the new name",
    )
    mesh[1].execute("update a set n = 1; insert into a values (2, 2)")
    waits(mesh, 2)
    mesh[1].execute("alter table a rename to b")
    assert_whole(mesh)
    assert rows_of(mesh, "b") == [(1, 1), (2, 2)]


@pytest.mark.parametrize("first", ["its own rows", "the rows of the other site"])
def test_a_table_that_was_out_and_comes_back_brings_no_old_rows(mesh: Mesh, first: str) -> None:
    """Its rows are older than anything; those that others have changed meanwhile stay.

    Also when all rows of the other site come, and wait, before the table has its triggers.
    """
    up(mesh, "create table o (id int primary key, n int)", "o")
    mesh[1].execute("insert into o select i, 0 from generate_series(1, 4) i")
    assert_whole(mesh)
    mesh[2].cli("tables", "disable", "o")
    eventually(lambda: mesh[2].value(ACTIVE, [["o"]]) == 0, "its triggers are gone")
    mesh[2].execute("update o set n = 9 where id = 2; insert into o values (5, 5)")
    mesh[1].execute("update o set n = 1 where id = 1")
    eventually(lambda: mesh[1].value(KEPT) == 0, "what site 1 changed is forgotten")
    with mesh[2].database.connect() as writer:
        if first == "the rows of the other site":
            writer.execute("begin; lock table o in row exclusive mode")
        else:
            mesh[1].stop_daemon()  # its own rows are at site 1 before that sends any
        mesh[2].cli("tables", "enable", "o")
        if first == "the rows of the other site":
            waits(mesh, 4)
            writer.execute("commit")
    eventually(lambda: mesh[2].value(ACTIVE, [["o"]]) == 1, "it is back")
    if first == "its own rows":
        eventually(lambda: mesh[2].value(FILLING) is None, "its rows are logged")
        wait_delivered(mesh, (2, 1))
        mesh[1].start_daemon()
    assert_whole(mesh)
    assert rows_of(mesh, "o") == [(1, 1), (2, 0), (3, 0), (4, 0), (5, 5)]
    lost = {(c["key"][0], tuple(c["loser_row"])) for c in conflicts(mesh[1], "o")}
    assert lost == {("1", ("1", "0")), ("2", ("2", "9"))}, "both rows are kept"


def test_equal_by_a_collation_and_other_letters(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(["15", "15"] if "15" in available_versions() else None)
    for site in mesh:
        try:
            site.execute(COLLATION)
        except psycopg.errors.FeatureNotSupported as error:
            pytest.skip(f"{site} has no such collation: {error}")
    up(mesh, "create table c (name text collate ci primary key, n int)", "c")
    with parted(mesh):
        mesh[1].execute("insert into c values ('Anna', 1)")
        mesh[2].execute("insert into c values ('ANNA', 2)")
    assert_whole(mesh)
    assert rows_of(mesh, "c") == [("ANNA", 2)]
    assert {c["loser_site"] for c in conflicts(mesh[1], "c")} == {1}
    mesh[1].execute("update c set name = 'anna'")
    assert_whole(mesh)
    assert rows_of(mesh, "c") == [("anna", 2)]


def test_what_waits_for_a_dropped_table_is_not_given_to_one_that_takes_its_name(mesh: Mesh) -> None:
    up(
        mesh,
        "create table n (id int primary key, n int);"
        " create table other (id int primary key, n int)",
        "n",
        "other",
    )
    refuse(mesh, "n")
    mesh[1].execute("insert into n values (1, 5); insert into other values (2, 2)")
    waits(mesh, 1)
    script = "drop table n; alter table other rename to n"
    for site in mesh:
        site.execute(script)
    mesh[1].execute("insert into n values (3, 3)")
    for site in mesh:
        eventually(lambda site=site: site.query("select * from n order by 1") == [(2, 2), (3, 3)],
                   f"{site} has the rows of the table that was renamed")  # fmt: skip
    mesh[1].execute("insert into n values (4, 4)")
    eventually(lambda: mesh[2].value("select count(*) from n") == 3, "it goes on")
    assert mesh[2].query("select * from n where id = 1") == []
    assert_whole(mesh)
    assert told_dropped(mesh, "n") == [(["1"], ["1", "5"])]


def told_dropped(mesh: Mesh, table: str) -> list[tuple[object, object]]:
    """Key and row of changes that waited for a table that was dropped, the same everywhere."""

    def is_told() -> list[tuple[object, object]]:
        found = [
            [(c["key"], c["loser_row"]) for c in conflicts(site, table) if c["kind"] == "dropped"]
            for site in mesh
        ]
        assert found[0] == found[1]
        assert found[0]
        return found[0]

    return eventually(is_told, "both sites tell of it", 20)


@pytest.mark.parametrize("column", ["n int", "m text"])
@pytest.mark.parametrize("order", one_a_day((1, 2), (2, 1)))
def test_a_table_is_made_again_while_a_change_of_it_waits(
    mesh: Mesh, order: tuple[int, int], column: str
) -> None:
    """The change is kept as a conflict, the new table has only new rows, and the log empties."""
    up(mesh, "create table p (id int primary key, n int)", "p")
    refuse(mesh, "p")
    mesh[1].execute("insert into p values (1, 5), (2, 2)")
    waits(mesh, 1)
    freeze(mesh)
    for number in order:
        mesh[number].execute(f"drop table p; create table p (id int primary key, {column})")
    thaw(mesh)
    for site in mesh:
        eventually(lambda site=site: site.value(ACTIVE, [["p"]]) == 1, f"{site} has the table")
    mesh[2].execute("insert into p values (3, '3')")
    mesh[1].execute("insert into p values (4, '4')")
    assert_whole(mesh)
    assert [row[0] for row in rows_of(mesh, "p")] == [3, 4]
    assert told_dropped(mesh, "p") == [(["1"], ["1", "5"])]


def test_a_table_is_dropped_everywhere_while_a_change_of_it_waits(mesh: Mesh) -> None:
    up(
        mesh,
        "create table p (id int primary key, n int); create table q (id int primary key)",
        "p",
        "q",
    )
    refuse(mesh, "p")
    mesh[1].execute("insert into p values (1, 5)")
    waits(mesh, 1)
    mesh[1].execute("drop table p; insert into q values (1)")
    eventually(lambda: mesh[2].query("select from q where id = 1"), "others go on")
    eventually(lambda: mesh[1].value(ACTIVE, [["p"]]) == 0, "site 1 knows that it is dropped")
    tries = mesh[2].value(TRIES)
    eventually(lambda: mesh[2].value(TRIES) > tries + 1, "it may be applied yet: it is tried")
    mesh[2].execute("drop table p")
    assert_whole(mesh)
    assert told_dropped(mesh, "p") == [(["1"], ["1", "5"])]


LOCKS = {
    "row": "update x set v = 20 where id = 1",
    "key": "insert into x values (5, 50)",
    "unique": "insert into x values (6, 500)",
    "parent": "delete from p where id = 2",
    "table": "alter table x add column w int",
}


@pytest.mark.parametrize(
    "lock",
    [pytest.param(k, marks=() if k in ("row", "parent") else pytest.mark.soak) for k in LOCKS],
)
def test_what_an_idle_transaction_holds_waits_alone(mesh: Mesh, lock: str) -> None:
    up(
        mesh,
        "create table p (id int primary key); insert into p values (1), (2);"
        "create table x (id int primary key, v int unique, p int references p);"
        "insert into x values (1, 1, 1); create table o (id int primary key)",
        "p",
        "x",
        "o",
    )
    with mesh[2].database.connect() as user:
        user.execute("begin")
        user.execute(LOCKS[lock])
        mesh[1].execute(
            "update x set v = 10 where id = 1; insert into x values (5, 500, 2);"
            " insert into o values (1)"
        )
        eventually(lambda: mesh[2].value("select count(*) from o") == 1, "another table goes on")
        reasons = "select string_agg(reason, '; ') from bondreplicate.replicate_parked"
        assert "another transaction" in mesh[2].value(reasons)
        mesh[1].execute("insert into o values (2)")
        eventually(lambda: mesh[2].value("select count(*) from o") == 2, "and on", timeout_s=2)
        user.execute("rollback" if lock == "table" else "commit")
    assert_whole(mesh)
