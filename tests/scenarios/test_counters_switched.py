"""Counters said, taken back, refused; and what happens around the time in which they count."""

import json
from collections.abc import Callable, Iterator

import pytest

from bondreplicate.border.database import connect
from bondreplicate.core.counters import why_not_counted
from bondreplicate.site.tables import fetch_shapes
from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.counters import COUNTERS, count
from tests.scenarios.steps import assert_whole, parted, rows_of, settle
from tests.scenarios.test_missed import copied

pytestmark = pytest.mark.timeout(300)

TABLE = (
    "create table {t} (id int primary key, what text not null, n int not null);"
    "insert into {t} select i, 'a', 100 from generate_series(1, 6) i;"
)
ODD = """
create table odd (
    id int primary key, may_be_null int, f float not null, loose numeric not null, u int not null
    unique, g int generated always as (id + 1) stored, i int generated always as identity,
    p int not null references odd, big bigint not null, money numeric(12, 2) not null
);
"""
COUNTED = "select counted from bondreplicate.replicate_tables where table_name = %s"
WAITS = "select reason from bondreplicate.replicate_parked where table_name = %s"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    setup = "".join(TABLE.format(t=table) for table in ("meanwhile", "again", "down"))
    mesh = make_mesh(["18", "16", "15"], setup + ODD, proxies=True)
    yield mesh
    mesh.end()


def test_counters_are_said_while_changes_are_under_way(mesh: Mesh) -> None:
    a, b, c = mesh
    with parted(mesh, [(2, 3), (1, 3), (3, 1), (3, 2), (1, 2), (2, 1)]):
        a.execute("update meanwhile set n = 50 where id <= 2")
        b.execute("update meanwhile set n = 60 where id in (2, 3)")
        b.execute(COUNTERS, [["n"], ["meanwhile"]])
        c.execute(COUNTERS, [["n"], ["meanwhile"]])
        c.execute("update meanwhile set n = 70 where id = 3")
    for site in (b, c):
        eventually(lambda s=site: s.value(COUNTED, ["meanwhile"]) == ["n"], f"{site} counts", 60)
    # Site 1 does not count yet: what it writes is a value; what the others write adds up.
    a.execute("update meanwhile set n = 40 where id = 4")
    b.execute("update meanwhile set n = n + 1 where id in (4, 5)")
    c.execute("update meanwhile set n = n + 2 where id in (4, 5)")
    b.execute("update meanwhile set n = n + 4 where id = 1")
    eventually(lambda: a.query(WAITS, ["meanwhile"]), "what adds up waits at site 1", 30)
    assert "counters of public.meanwhile in effect: none here, n at the origin" in str(
        a.query(WAITS, ["meanwhile"])
    )
    doctor = a.cli("doctor", check=None).stdout
    assert "counters of public.meanwhile: n, at this site none: its changes wait" in doctor
    a.execute(COUNTERS, [["n"], ["meanwhile"]])
    eventually(lambda: a.value(COUNTED, ["meanwhile"]) == ["n"], "site 1 counts", 60)
    assert_whole(mesh)
    with parted(mesh):
        for site in mesh:
            site.execute("update meanwhile set n = n - 1")
    assert_whole(mesh)
    assert [n for _, _, n in rows_of(mesh, "meanwhile")] == [51, 57, 67, 40, 100, 97]


def test_what_can_be_counted(mesh: Mesh) -> None:
    a = mesh[1]
    with connect(a.dsn, role="test") as here:
        shape = next(s for s in fetch_shapes(here) if s.name == ("public", "odd"))
    for column, why in {
        "f": "is double precision: it has to be smallint, integer, bigint or numeric(p,s)",
        "loose": "is numeric: it has to be smallint, integer, bigint or numeric(p,s)",
        "may_be_null": "may be null: make it NOT NULL",
        "u": "is in a unique index or an EXCLUDE constraint",
        "g": "is generated",
        "i": "is an identity column",
        "p": "is in a foreign key",
        "id": "is in the key",
    }.items():
        assert why_not_counted(shape, ["big", column]) == f"counters: column {column} {why}"
    refused = a.cli("tables", "counters", "odd", "none", check=None)
    assert "public.odd: counters: there is no column none" in refused.stderr
    assert "say which columns" in a.cli("tables", "counters", "odd", check=None).stderr
    said = json.loads(a.cli("tables", "counters", "odd", "big", "money", "--json").stdout)
    assert said == {"table": "public.odd", "counters": ["big", "money"], "counted": []}
    eventually(lambda: a.value(COUNTED, ["odd"]) == ["big", "money"], "site 1 counts", 60)
    [listed] = [t for t in a.cli_json("tables", "list") if t["table"] == "public.odd"]
    assert (listed["counters"], listed["counted"]) == (["big", "money"], ["big", "money"])
    refused = a.cli("tables", "resolve", "odd", "column", check=None)
    assert "has counters (big, money): it can only be merged by row" in refused.stderr
    a.cli("tables", "counters", "odd", "--none")
    eventually(lambda: a.value(COUNTED, ["odd"]) == [], "site 1 counts no more", 60)


def test_counters_are_taken_back_at_one_site_and_said_again(mesh: Mesh) -> None:
    """What they come to is not the same any more at the others, who say so and wait."""
    a, b, c = mesh
    count(mesh, ["n"], "again")
    a.execute("update again set n = n - 1")
    b.execute("update again set n = n - 10")
    settle(mesh)
    _say_again(a)
    a.execute("update again set n = n - 100")
    b.execute("update again set n = n - 1000 where id = 1")
    for site, times in ((a, "2 times here, 1 at the origin"), (b, "1 time here, 2 at")):
        eventually(lambda s=site: s.query(WAITS, ["again"]), f"it waits at {site}", 30)
        assert f"counters of public.again: begun {times}" in site.query(WAITS, ["again"])[0][0]
    told = b.cli("doctor", check=None).stdout
    assert "counters of public.again were begun 2 times, at this site 1 time" in told
    _say_again(b)
    _say_again(c)
    b.execute("update again set n = n - 3")
    assert_whole(mesh)
    assert [n for _, _, n in rows_of(mesh, "again")] == [100 - 1114, *[100 - 114] * 5]


def _say_again(site: Site) -> None:
    for columns in ([], ["n"]):
        site.execute(COUNTERS, [columns, ["again"]])
        eventually(
            lambda c=columns: site.value(COUNTED, ["again"]) == c, f"{site} adds up {columns}", 60
        )


@pytest.mark.soak
def test_what_is_written_while_a_site_is_down_adds_up(mesh: Mesh) -> None:
    count(mesh, ["n"], "down")
    a, b, c = mesh
    b.execute("update down set n = n - 1")
    settle(mesh)
    b.cli("down")
    eventually(lambda: not b.is_running(), "the daemon has ended")
    b.execute("update down set n = n - 10 where id = 1; insert into down values (7, 'new', 5)")
    a.execute("update down set n = n - 100 where id = 1")
    b.start_daemon()
    assert_whole(mesh)
    c.execute("update down set n = n + 1 where id in (1, 7)")
    b.execute("update down set n = n + 1 where id in (1, 7)")
    assert_whole(mesh)
    found = {k: n for k, _, n in rows_of(mesh, "down")}
    assert (found[1], found[2], found[7]) == (-9, 99, 7)


@pytest.mark.soak
def test_a_copy_adds_to_what_it_has(new_mesh: Callable[..., Mesh]) -> None:
    """A total of its own begins at nothing, those of the others it has taken along."""
    mesh = new_mesh(("16", "18"), TABLE.format(t="copied"))
    for site in mesh:
        site.cli("hosts", "add", "3", "site3", "host=/nowhere")
    count(mesh, ["n"], "copied")
    one, two = mesh
    one.execute("update copied set n = n - 1")
    eventually(lambda: two.value("select min(n) from copied") == 99, "site 2 has it")
    three = copied(mesh, one, 3)
    two.execute("update copied set n = n - 10")
    three.start_daemon()
    three.execute("update copied set n = n - 100")
    one.execute("update copied set n = n - 1000")
    assert_whole(mesh)
    assert {n for _, _, n in rows_of(mesh, "copied")} == {100 - 1111}


@pytest.mark.soak
def test_two_sites(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(("15", "18"), TABLE.format(t="two"))
    count(mesh, ["n"], "two")
    one, two = mesh
    for turn in (1, 2, 3):
        with parted(mesh):
            one.execute(f"update two set n = n - 1; delete from two where id = {turn}")
            two.execute("update two set n = n - 10")  # later than the deletion
        assert_whole(mesh)
        assert [n for _, _, n in rows_of(mesh, "two")] == [100 - 11 * turn] * 6
