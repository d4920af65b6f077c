"""Counters: what all sites add to a column adds up, each addition once."""

import itertools
import signal
import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.counters import count
from tests.scenarios.steps import SOAK, assert_whole, conflicts, parted, rows_of, wait_delivered
from tests.scenarios.test_redelivery import POSITION, forget_since

pytestmark = pytest.mark.timeout(300)

STOCK = (
    "create table {t} (id int primary key, what text not null, n int not null);"
    "insert into {t} select i, 'a', 100 from generate_series(1, 6) i;"
)
TABLES = (
    "added0",
    "added1",
    "added2",
    "died",
    "went",
    "short",
    "twice",
    "storm",
    "killed",
    "named",
    "kept",
)
LINKS = list(itertools.permutations((1, 2, 3), 2))
ORDERS = LINKS, LINKS[::-1], [(2, 3), (1, 3), (3, 1), (3, 2), (1, 2), (2, 1)]
WAITS = "select reason from bondreplicate.replicate_parked where table_name = %s"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    setup = "".join(STOCK.format(t=table) for table in TABLES)
    setup += "alter table short add check (n >= 0);"
    setup += "create table child (id int primary key, of int references kept);"
    mesh = make_mesh(["18", "16", "15"], setup, proxies=True)
    count(mesh, ["n"], *TABLES)
    yield mesh
    mesh.end()


@pytest.mark.parametrize("order", ORDERS if SOAK else ORDERS[1:2])
def test_what_three_sites_add_adds_up(mesh: Mesh, order: list[tuple[int, int]]) -> None:
    table = f"added{ORDERS.index(order)}"
    for turn in (1, 2) if SOAK else (1,):
        with parted(mesh, order):
            for site in mesh:
                site.execute(f"update {table} set n = n - {site.number} where id <= 2")
                site.execute(f"update {table} set n = n - 10 where id = {site.number + 2}")
            mesh[1].execute(f"update {table} set what = 'b{turn}' where id = 2")
            mesh[2].execute(f"update {table} set n = 50 where id = 6")
            mesh[3].execute(f"update {table} set n = n + 1 where id = 6")
        assert_whole(mesh)
        assert [n for _, _, n in rows_of(mesh, table)] == [
            100 - 6 * turn, 100 - 6 * turn, *[100 - 10 * turn] * 3, 51,
        ]  # fmt: skip
    assert {c["key"][0] for c in conflicts(mesh[1], table)} <= {"2"}


def test_deletes_and_inserts_against_additions(mesh: Mesh) -> None:
    """A row that outlives its deletion has all that was added, also what went with the deletion."""
    a, b, c = mesh
    a.execute("update died set n = n + 1")
    assert_whole(mesh)
    with parted(mesh, ORDERS[2]):
        a.execute("update died set n = n + 10; delete from died where id <= 2")
        b.execute("update died set n = n + 100 where id <> 2")  # later: row 1 stays
        c.execute("update died set n = n + 1000 where id = 3")
        a.execute("delete from died where id = 4; insert into died values (4, 'new', 5)")
        a.execute("update died set n = n + 1 where id = 4")
        b.execute("insert into died values (7, 'two', 20)")
        b.execute("update died set n = n + 3 where id = 7")
        c.execute("insert into died values (7, 'three', 30)")
        b.execute("update died set n = n + 4 where id = 7")
    assert_whole(mesh)
    assert {k: n for k, _, n in rows_of(mesh, "died")} == {
        1: 211, 3: 1211, 4: 6, 5: 211, 6: 211, 7: 30,
    }  # fmt: skip
    told = {x["key"][0]: x for x in mesh[1].conflicts() if x["kind"] == "counter"}
    assert {key: x["outcome"] for key, x in told.items()} == {
        "4": "lost with the older row: n 1 by site 1, n 100 by site 2",
        "7": "lost with the older row: n 7 by site 2",
    }
    for site in mesh:
        stays = {x["key"][0]: x["winner_row"] for x in site.conflicts() if x["kind"] == "counter"}
        assert {key: row[1] for key, row in stays.items()} == {"4": "new", "7": "three"}, site
    undo = a.cli("conflicts", "undo", str(told["7"]["id"]), check=None)
    assert undo.returncode
    assert "lost with it: no row lost" in undo.stdout + undo.stderr


def test_a_parent_that_comes_back_has_all_that_was_added(mesh: Mesh) -> None:
    a, b, c = mesh
    with parted(mesh, ORDERS[2]):
        a.execute("update kept set n = n + 10 where id <= 2")
        c.execute("update kept set n = n + 1000 where id <= 2")
        b.execute("update kept set n = n + 100 where id <= 2; insert into child values (1, 1)")
        a.execute("delete from kept where id = 1")
        c.execute("insert into child values (3, 2)")
        b.execute("delete from kept where id = 2")
    assert_whole(mesh)
    assert [n for _, _, n in rows_of(mesh, "kept")][:2] == [1210, 1210]


@pytest.mark.soak
def test_what_was_added_to_deleted_rows_is_forgotten(mesh: Mesh) -> None:
    mesh[1].execute("update went set n = 1; delete from went where id < 4")
    mesh[1].execute("insert into went values (1, 'x', 3)")
    mesh[2].execute("update went set id = id + 10, n = n + 1 where id = 6")
    assert_whole(mesh)
    mesh[3].execute("update went set n = n - 50 where id = 16")
    mesh[1].execute("update went set n = n - 1 where id = 16")
    assert_whole(mesh)
    assert rows_of(mesh, "went")[-1] == (16, "a", 50)
    there = (
        "select count(*) filter (where gone), count(*) from bondreplicate.replicate_counter as c"
        " join bondreplicate.replicate_tables as t on t.id = c.tab where t.table_name = 'went'"
    )
    mesh[1].execute("truncate went")
    assert_whole(mesh)
    for site in mesh:
        eventually(lambda site=site: site.query(there) == [(0, 0)], f"{site} has forgotten", 60)


def test_an_addition_that_is_refused_waits(mesh: Mesh) -> None:
    a, b, c = mesh
    with parted(mesh):
        a.execute("update short set n = n - 70 where id = 1")
        b.execute("update short set n = n - 60 where id = 1; update short set n = 1 where id = 2")
    for site in mesh:
        eventually(lambda site=site: site.query(WAITS, ["short"]), f"it waits at {site}", 30)
    assert "violates check constraint" in c.query(WAITS, ["short"])[0][0]
    # What beats the row that waits is forgotten: what was added to it is not.
    a.execute("update short set what = 'later' where id = 1")
    b.execute("update short set what = 'latest' where id = 1")
    mesh.settle(60)
    assert all(site.query(WAITS, ["short"]) for site in mesh)
    c.execute("update short set n = n + 35 where id = 1")
    assert_whole(mesh)
    assert [n for _, _, n in rows_of(mesh, "short")][:2] == [5, 1]


def test_all_again(mesh: Mesh) -> None:
    a, b, c = mesh
    rounds = 2 if SOAK else 1
    c.daemon.send_signal(signal.SIGSTOP)
    try:
        position = b.value(POSITION, [1])
        a.execute("update twice set n = n - 1")
        b.execute("update twice set n = n - 10")
        wait_delivered(mesh, (1, 2))
        for _ in range(rounds):
            a.stop_daemon()
            forget_since(b, a, position)
            a.execute("update twice set n = n - 1 where id = 1")
            a.start_daemon()
            wait_delivered(mesh, (1, 2))
            wait_delivered(mesh, (2, 1))
    finally:
        c.daemon.send_signal(signal.SIGCONT)
    assert_whole(mesh)
    assert [n for _, _, n in rows_of(mesh, "twice")] == [89 - rounds, *[89] * 5]


@pytest.mark.parametrize(
    "point",
    [
        "apply_staged",
        pytest.param("apply_begun", marks=pytest.mark.soak),
        pytest.param("apply_committed", marks=pytest.mark.soak),
        pytest.param("rotated", marks=pytest.mark.soak),
    ],
)
def test_a_daemon_is_killed(mesh: Mesh, point: str) -> None:
    before = mesh[1].value("select n from killed where id = 1")
    mesh[2].stop_daemon()
    mesh[2].execute("update killed set n = n - 1")
    mesh[1].execute("update killed set n = n - 10")
    mesh[2].start_daemon(wait=False, failpoint=point)
    mesh[2].wait_failpoint(60)
    mesh[2].execute("update killed set n = n - 100")
    mesh[2].start_daemon()
    assert_whole(mesh)
    assert {n for _, _, n in rows_of(mesh, "killed")} == {before - 111}


def test_a_storm(mesh: Mesh) -> None:
    rounds, clients = (400, 8) if SOAK else (60, 3)

    def client(dsn: str, row: int) -> None:
        with psycopg.connect(dsn, autocommit=True) as connection:
            for _ in range(rounds):
                connection.execute("update storm set n = n - 1 where id = %s", [row])

    threads = [
        threading.Thread(target=client, args=(site.dsn, 1 + i % 2))
        for site in mesh
        for i in range(clients)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert_whole(mesh)
    found = [n for _, _, n in rows_of(mesh, "storm")][:2]
    second = clients // 2
    assert found == [100 - 3 * rounds * (clients - second), 100 - 3 * rounds * second]
    assert not conflicts(mesh[1], "storm")


@pytest.mark.soak
def test_a_counter_that_is_renamed_is_none_any_more(mesh: Mesh) -> None:
    mesh[1].execute("update named set n = n - 1 where id = 1")
    assert_whole(mesh)
    for site in mesh:
        site.execute("alter table named rename n to m")
        site.execute("update named set m = m - 1 where id = %s", [site.number])
    reason = "counters: there is no column n"
    for site in mesh:
        sql = (
            "select reason, counted from bondreplicate.replicate_tables where table_name = 'named'"
        )
        eventually(lambda s=site, q=sql: s.query(q) == [(reason, [])], f"{site} tells", 30)
    assert_whole(mesh)
    count(mesh, ["m"], "named")
    with parted(mesh):
        for site in mesh:
            site.execute("update named set m = m - 10")
    assert_whole(mesh)
    assert [m for _, _, m in rows_of(mesh, "named")] == [68, 69, 69, 70, 70, 70]
