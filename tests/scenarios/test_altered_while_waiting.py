"""Tables are altered at one site and then the other, while changes wait for what only one has.

Each case is a table, what is done at which site, and the rows that both sites must end with.
"""

import threading
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.steps import ACTIVE, PARKED, assert_whole, one_a_day, rows_of, up

pytestmark = pytest.mark.timeout(120)

KEY = (
    "select min(array_to_string(key_columns, ',')) from bondreplicate.replicate_tables"
    " where active and table_name = 'a'"
)
BY_V = "alter table a drop constraint a_pkey, add primary key (v)"
BY_ID = "alter table a drop constraint a_pkey, add primary key (id)"
BY_BOTH = "alter table a drop constraint a_pkey, add primary key (id, v)"
NO_FIVE = "alter table a add constraint no_five check (n <> 5)"
FIVE = "alter table a drop constraint no_five"
SWAP = "alter table a rename v to x; alter table a rename w to v; alter table a rename x to w"
CENTS = "alter table a alter w type bigint using w * 100"
PLAIN = "create table a (id int primary key, v int not null unique, n int)"
FORGET_S = 1.5
"""A log that nobody needs is forgotten within a second or so."""

CASES = {
    "a row written at both while the keys differ": (
        f"{PLAIN}; insert into a values (1, 1, 0)",
        [
            (1, BY_V), (1, "by", "v"), (2, "update a set n = 2"), (1, "parks", 1),
            (1, "update a set n = 1"), (2, "parks", 1), "forget", (2, BY_V),
        ],
        [(1, 1, 1)],
    ),
    "values handed over, by the old key": (
        f"{PLAIN}; insert into a values (1, 10, 0), (2, 20, 0)",
        [
            (1, BY_V), (1, "by", "v"),
            (2, "update a set v = 11 where id = 1; update a set v = 10 where id = 2"),
            (1, "parks", 2), (2, BY_V),
        ],
        [(1, 11, 0), (2, 10, 0)],
    ),
    "a delete by the old key and a later row": (
        "create table a (id int primary key, v int not null); insert into a values (1, 11)",
        [
            (1, BY_BOTH), (1, "by", "id,v"), (2, "delete from a"), (1, "parks", 1),
            (1, "insert into a values (1, 12)"), (2, "parks", 1), "forget", (2, BY_BOTH),
        ],
        [(1, 12)],
    ),
    "a delete and an insert by the old key": (
        ("create table a (id int primary key, v int not null, n int);"
         "insert into a values (1, 10, 0), (2, 20, 0)"),
        [
            (1, BY_V), (1, "by", "v"),
            (2, "delete from a where id = 1; insert into a values (3, 10, 1)"),
            (1, "parks", 2), (2, BY_V),
        ],
        [(2, 20, 0), (3, 10, 1)],
    ),
    "another key, and back": (
        f"{PLAIN}; insert into a values (1, 10, 0)",
        [
            (2, NO_FIVE), (1, "update a set n = 5"), (2, "parks", 1), (1, BY_V), (1, "by", "v"),
            (1, "update a set n = 6"), (2, "parks", 2), (1, BY_ID), (1, "by", "id"), (2, FIVE),
        ],
        [(1, 10, 6)],
    ),
    "the old key spelled otherwise": (
        ("create table a (id numeric primary key, v int not null unique);"
         "insert into a values (1.0, 10), (2, 20)"),
        [
            (1, BY_V), (1, "by", "v"), (2, "update a set id = 1.00, v = 11 where id = 1"),
            (1, "parks", 1), (2, BY_V),
        ],
        [(1, 11), (2, 20)],
    ),
    "an old key that looks like a new one": (
        f"{PLAIN}; insert into a values (5, 50, 0), (6, 5, 0)",
        [
            (1, BY_V), (1, "by", "v"), (2, "update a set n = 1 where id = 5"), (1, "parks", 1),
            "forget", (2, BY_V), (2, "by", "v"), (2, "update a set n = 2 where v = 5"),
        ],
        [(5, 50, 1), (6, 5, 2)],
    ),
    "an old key that was tried before": (
        f"{PLAIN}; insert into a values (5, 50, 0), (6, 5, 0)",
        [
            (1, NO_FIVE), (2, "update a set n = 5 where id = 5"), (1, "parks", 1), "forget",
            (1, BY_V), (1, "by", "v"), (1, "update a set n = 7 where v = 5"), (2, "parks", 1),
            "forget", (1, FIVE), (2, BY_V),
        ],
        [(5, 50, 5), (6, 5, 7)],
    ),
    "a column of the key is renamed": (
        ("create table a (id int, v int, n int, primary key (id, v));"
         "insert into a values (1, 1, 1), (2, 2, 2)"),
        [
            (2, NO_FIVE), (1, "update a set n = 5 where id = 1"), (2, "parks", 1),
            (1, "notes", "alter table a rename v to z"), (2, "alter table a rename v to z"),
            (2, FIVE),
        ],
        [(1, 1, 5), (2, 2, 2)],
    ),
    "the key is renamed while a delete waits": (
        "create table a (id int primary key, n int); insert into a values (1, 1), (2, 2)",
        [
            (1, "alter table a add w int"), (1, "has", "w"), (1, "delete from a where id = 1"),
            (2, "parks", 1), (2, "alter table a add w int"), (2, "alter table a rename id to z"),
            (1, "alter table a rename id to z"),
        ],
        [(2, 2, None)],
    ),
    "columns swap their names": (
        ("create table a (id int primary key, v int, w int, n int);"
         "insert into a values (1, 10, 20, 0)"),
        [
            (2, NO_FIVE), (1, "update a set n = 5"), (2, "parks", 1), (1, "notes", SWAP), (2, SWAP),
            (2, FIVE),
        ],
        [(1, 10, 20, 5)],
    ),
    "values are converted": (
        "create table a (id int primary key, w int, n int); insert into a values (1, 1, 0)",
        [
            (2, NO_FIVE), (1, "update a set w = 7, n = 5"), (2, "parks", 1),
            (1, "notes", CENTS), (2, CENTS), (2, FIVE),
        ],
        [(1, 700, 5)],
    ),
    "a key spelled otherwise, while a column is missing": (
        "create table a (id numeric primary key, n int); insert into a values (1.0, 0)",
        [
            (1, "alter table a add w int"), (1, "has", "w"), (1, "update a set id = 1.00, n = 1"),
            (2, "parks", 1), (2, "update a set n = 2"), (1, "n is", 2), "forget",
            (2, "alter table a add w int"),
        ],
        [(1, 2, None)],
    ),
}  # fmt: skip


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16"))
    yield mesh
    mesh.end()


def notes(site: Site, ddl: str) -> None:
    """Alter table a, and wait until the daemon of the site has seen that."""
    shape = "select shape from bondreplicate.replicate_tables where table_name = 'a'"
    before = site.value(shape)
    site.execute(ddl)
    eventually(lambda: site.value(shape) != before, f"site {site.number} notes: {ddl}")


def reaches(mesh: Mesh, number: int, what: str, value: object) -> None:
    """Wait for what a step of a case names."""
    columns = "select columns::text[] from bondreplicate.replicate_tables where table_name = 'a'"
    looks = {
        "by": lambda: mesh[number].value(KEY) == value,
        "parks": lambda: mesh[number].value(PARKED) == value,
        "has": lambda: value in mesh[number].value(columns),
        "n is": lambda: mesh[number].value("select max(n) from a") == value,
    }
    eventually(looks[what], f"site {number} {what} {value}")


EVERYDAY = (
    "values handed over, by the old key",
    "an old key that looks like a new one",
    "the key is renamed while a delete waits",
    "values are converted",
    "a key spelled otherwise, while a column is missing",
)


@pytest.mark.parametrize(
    "case",
    [pytest.param(c, marks=() if c in EVERYDAY else pytest.mark.soak) for c in CASES],
)
def test_a_table_is_altered_while_changes_wait(mesh: Mesh, case: str) -> None:
    setup, steps, expected = CASES[case]
    up(mesh, setup, "a")
    for step in steps:
        if step == "forget":
            threading.Event().wait(FORGET_S)
        elif len(step) == 2:
            mesh[step[0]].execute(step[1])
        elif step[1] == "notes":
            notes(mesh[step[0]], step[2])
        else:
            reaches(mesh, *step)
    assert_whole(mesh)
    assert rows_of(mesh, "a") == expected


def test_the_old_key_may_be_null_now(mesh: Mesh) -> None:
    up(
        mesh,
        "create table a (id int primary key, v int not null); insert into a values (1, 1), (2, 2)",
        "a",
    )
    mesh.stop()
    mesh[1].execute("delete from a where id = 1; insert into a values (3, 103)")
    mesh[1].execute("update a set id = 20 where id = 2")
    for site in mesh:
        site.execute(f"{BY_V}, alter id drop not null")
    mesh[1].execute("insert into a values (null, 104)")
    mesh.start()
    for site in mesh:
        eventually(lambda site=site: site.value(KEY) == "v", f"{site} follows v")
    assert_whole(mesh)
    assert rows_of(mesh, "a", "2") == [(20, 2), (3, 103), (None, 104)]


def test_rows_that_only_the_new_key_allows(mesh: Mesh) -> None:
    """Nothing else waits for them, and none is lost, though the old key is still followed."""
    up(
        mesh,
        "create table a (id int primary key, v int not null); insert into a values (1, 11);"
        "create table o (id int primary key)",
        *("a", "o"),
    )
    mesh[2].stop_daemon()
    mesh[2].execute("insert into a values (9, 8)")
    for site in mesh:
        site.execute(BY_BOTH)
    mesh[1].execute("insert into a values (1, 12)")
    mesh[2].execute("insert into a values (9, 9)")
    mesh[1].execute("insert into o values (1)")
    mesh[2].start_daemon()
    eventually(lambda: mesh[2].value("select count(*) from o") == 1, "another table goes on")
    for site in mesh:
        eventually(lambda site=site: site.value(KEY) == "id,v", f"{site} follows both columns")
    assert_whole(mesh)
    assert rows_of(mesh, "a", "1, 2") == [(1, 11), (1, 12), (9, 8), (9, 9)]


@pytest.mark.parametrize("retype", one_a_day("other key", "int"))
def test_the_key_is_altered_by_the_book(retype: str) -> None:
    """The table is disabled, altered and enabled at both; one is away, and has not got all."""
    mesh = make_mesh(("18", "16"), proxies=True)
    alter = BY_V if retype == "other key" else "alter table a alter id type int using id::int"
    try:
        up(
            mesh,
            "create table a (id text primary key, v text not null unique);"
            "insert into a values ('5', '50'); create table o (id int primary key)",
            *("a", "o"),
        )
        with mesh.unplugged(2):
            mesh[1].execute("insert into a values ('abc', '1'); delete from a where id = 'abc'")
            mesh[1].execute("insert into a values ('7', '5'); delete from a where id = '5'")
            mesh[1].execute("insert into o values (1)")
            for site in mesh:
                site.cli("tables", "disable", "a")
            owed = "select owed from bondreplicate.replicate_tables where table_name = 'a'"
            eventually(lambda: mesh[1].value(owed), "what was captured is owed")
            assert mesh[1].value(ACTIVE, [["a"]]) == 1
        for site in mesh:
            eventually(lambda site=site: site.value(ACTIVE, [["a"]]) == 0, "released")
        for site in mesh:
            site.execute(alter)
            site.cli("tables", "enable", "a")
            eventually(lambda site=site: site.value(ACTIVE, [["a"]]) == 1, "taken in")
        eventually(lambda: mesh[2].value("select count(*) from o") == 1, "another table goes on")
        assert_whole(mesh)
        # A delete that came while the table was disabled at its target is not known any more.
        assert [str(key) for key, _ in rows_of(mesh, "a", "2")] == ["7", "5"]
    finally:
        mesh.end()
