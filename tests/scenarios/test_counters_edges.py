"""Counters at their edges: old snapshots, numbers that do not fit, keys that change."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.counters import count
from tests.scenarios.steps import (
    PARKED,
    assert_whole,
    conflicts,
    freeze,
    parted,
    rows_of,
    thaw,
    wait_delivered,
)

pytestmark = pytest.mark.timeout(300)

STOCK = (
    "create table {t} (id {k} primary key, what text not null, n int not null);"
    "insert into {t} select i, 'a', 100 from generate_series(1, 6) i;"
)
TABLES = {"beside": "int", "snapshot": "int", "spelt": "numeric", "brimful": "int", "moved": "int"}
MONEY = (
    "create table money (id int primary key, n numeric(6, 2) not null, m int not null);"
    "insert into money select i, 100, 0 from generate_series(1, 6) i;"
)
FAMILY = (
    "create table mum (id int primary key);"
    "create table pair (a int references mum on update cascade, b int, n int not null,"
    " primary key (a, b));"
)
WAITS = "select reason from bondreplicate.replicate_parked where table_name = %s"
TWICE = (
    "select t.table_name, c.key from bondreplicate.replicate_counter as c"
    " join bondreplicate.replicate_tables as t on t.id = c.tab"
    " group by t.table_name, c.tab, c.key[1]::numeric, c.key having count(*) > 1"
)
NOTED = (
    "select count(*) from bondreplicate.replicate_counter as c"
    " join bondreplicate.replicate_tables as t on t.id = c.tab"
    " where t.table_name = %s and c.key[1]::numeric = %s"
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    setup = (
        "".join(STOCK.format(t=table, k=kind) for table, kind in TABLES.items()) + MONEY + FAMILY
    )
    mesh = make_mesh(["18", "15"], setup, proxies=True, settings={"lock_timeout_ms": 100})
    count(mesh, ["n"], *TABLES, "pair")
    count(mesh, ["n", "m"], "money")
    yield mesh
    mesh.end()


def assert_counted_once(mesh: Mesh) -> None:
    for site in mesh:
        assert not site.query(TWICE)
    assert_whole(mesh)


def test_a_deletion_arrives_beside_an_insert(mesh: Mesh) -> None:
    """Neither sees the other: the deletion brings a count of its key, the INSERT makes one."""
    a, b = mesh
    with psycopg.connect(a.dsn) as user:
        with parted(mesh):
            user.execute("insert into beside values (9, 'a', 5)")
            b.execute("insert into beside values (9, 'b', 7)")
            b.execute("update beside set n = n + 1 where id = 9; delete from beside where id = 9")
        # The row is held, so that the deletion waits there alone.
        eventually(lambda: a.value(PARKED) == 1, "the deletion is parked")
        wait_delivered(mesh, (2, 1))
        eventually(lambda: not b.value("select count(*) from bondreplicate.replicate_log"), "b")
        user.execute("update beside set n = n + 10 where id = 9")
        user.commit()
    assert_counted_once(mesh)
    a.execute("update beside set n = n + 100 where id = 9")
    b.execute("update beside set n = n + 1000 where id > 5")
    assert_counted_once(mesh)
    assert [n for _, _, n in rows_of(mesh, "beside")][5:] == [1100, 1108]
    told = [c for c in a.conflicts() if (c["table_name"], c["kind"]) == ("beside", "counter")]
    assert [(c["key"], c["outcome"]) for c in told] == [
        (["9"], "lost with the older row: n 10 by site 1")
    ]


@pytest.mark.parametrize(("table", "key"), [("snapshot", "10"), ("spelt", "10.00")])
def test_an_old_snapshot_does_not_show_the_count(mesh: Mesh, table: str, key: str) -> None:
    a, b = mesh
    with psycopg.connect(a.dsn) as user:
        user.execute("set transaction isolation level repeatable read")
        user.execute("select 1")
        b.execute(f"insert into {table} values (10, 'b', 7)")
        b.execute(f"delete from {table} where id = 10")
        eventually(lambda: a.value(NOTED, [table, 10]) == 1, "the count has come", 30)
        with pytest.raises(psycopg.errors.SerializationFailure):
            user.execute(f"insert into {table} values (10, 'a', 5)")
        user.rollback()
        user.execute(f"insert into {table} values ({key}, 'a', 5)")
        user.execute(f"update {table} set n = n + 1 where id = 10")
        user.execute(f"update {table} set id = id + 0.0, n = n + 1 where id = 10")
        user.commit()
    assert_counted_once(mesh)
    assert rows_of(mesh, table)[-1][1:] == ("a", 7)


@pytest.mark.parametrize(("table", "much"), [("brimful", 2_000_000_000), ("money", 7_000)])
def test_a_sum_that_does_not_fit_waits(mesh: Mesh, table: str, much: int) -> None:
    a, b = mesh
    with parted(mesh):
        for site in mesh:
            site.execute(f"update {table} set n = n + %s where id <= 2", [much])
        a.execute(f"update {table} set n = n + 1 where id = 3")
    for site in mesh:
        eventually(lambda site=site: site.query(WAITS, [table]), f"it waits at {site}", 30)
        assert "out of range" in str(site.query(WAITS, [table])) or "overflow" in str(
            site.query(WAITS, [table])
        )
    eventually(lambda: b.value(f"select n from {table} where id = 3") == 101, "others go on")
    a.execute(f"update {table} set n = n - %s where id <= 2", [much - 5])
    assert_whole(mesh)
    assert {site.value(f"select sum(n) from {table} where id <= 2") for site in mesh} == {
        2 * (100 + 5 + much)
    }


def test_what_is_no_number_begins_anew(mesh: Mesh) -> None:
    a, b = mesh
    with parted(mesh):
        b.execute("update money set n = n + 5, m = m + 1 where id >= 4")
        a.execute("update money set n = 'NaN' where id in (4, 5)")
        a.execute("update money set n = 7 where id = 5; update money set n = n + 1 where id >= 4")
    assert_whole(mesh)
    for site in mesh:
        assert site.query("select n::text, m from money where id >= 4 order by id") == [
            ("NaN", 0), ("8.00", 0), ("106.00", 1),
        ]  # fmt: skip
    told = {c["key"][0]: c["outcome"] for c in a.conflicts() if c["table_name"] == "money"}
    assert told == dict.fromkeys(
        ["4", "5"], "lost with the older row: m 1 by site 2, n 5.00 by site 2"
    )
    b.execute("update money set n = 50, m = 3 where id = 4")
    a.execute("update money set m = m + 1 where id = 4")
    assert_whole(mesh)
    b.execute("update money set n = n + 1, m = m + 1 where id = 4")
    assert_whole(mesh)
    assert rows_of(mesh, "money")[3][1] == 51


def test_what_is_added_to_a_row_whose_key_changes_is_told(mesh: Mesh) -> None:
    a, b = mesh
    with parted(mesh):
        b.execute("update moved set n = n + 5 where id = 1")
        a.execute("update moved set id = id + 10, n = n + 1 where id <= 2")
        b.execute("update moved set n = n + 7 where id = 2")
    assert_whole(mesh)
    assert {key: n for key, _, n in rows_of(mesh, "moved") if n != 100} == {
        2: 107,
        11: 101,
        12: 101,
    }
    told = conflicts(a, "moved")
    assert told == conflicts(b, "moved")
    assert [(c["key"], c["winner_row"], c["loser_row"]) for c in told] == [
        (["1"], None, ["1", "a", "105"]), (["2"], ["2", "a", "107"], None),
    ]  # fmt: skip


@pytest.mark.parametrize("more", [0, pytest.param(1, marks=pytest.mark.soak)])
def test_a_child_that_follows_its_parent_counts_from_there(mesh: Mesh, more: int) -> None:
    """Each site lets it follow by itself, and one of them with more than the other."""
    a, b = mesh
    parent = 50 + more
    a.execute("insert into mum values (%s)", [parent])
    assert_whole(mesh)
    freeze(mesh)
    a.execute("update mum set id = id + 100 where id = %s", [parent])
    b.execute(f"insert into pair values ({parent}, 2, 50)")
    b.execute(f"update pair set n = n + {more} where a = {parent}")
    mesh.proxies[1, 2].flows.clear()
    thaw(mesh)
    eventually(lambda: a.query(f"select from pair where a = {parent} + 100"), "it follows", 30)
    b.execute(f"update pair set n = n + 10 where a = {parent}")
    a.execute(f"update pair set n = n + 100 where a = {parent} + 100")
    mesh.proxies[1, 2].flows.set()
    assert_whole(mesh)
    assert rows_of(mesh, "pair")[-1] == (parent + 100, 2, 60 + more)
    for site in mesh:
        lost = [c for c in site.conflicts() if c["key"] == [str(parent + 100), "2"]]
        assert [(c["kind"], c["outcome"]) for c in lost] == [
            ("counter", "lost with the older row: n 100 by site 1")
        ]
