"""Scenarios 86 and 89: transfers, appended rows and hot rows; sums and order hold everywhere."""

import contextlib
import random
import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, Site, make_mesh, pause
from tests.scenarios.steps import (
    SOAK,
    assert_whole,
    conflicts,
    parted,
    rows_of,
    settle,
    two_or_three,
    up,
)

pytestmark = pytest.mark.timeout(300)
SECONDS = 60 if SOAK else 3
ACCOUNTS = 5
START = 100
TRANSFER = (
    "update account set balance = balance - %(sum)s where id = %(one)s;"
    "update account set balance = balance + %(sum)s where id = %(other)s"
)
# One statement, so one snapshot: at READ COMMITTED too it sees whole transactions or nothing.
TOTALS = "select owner, sum(balance)::int from account group by owner order by owner"
GAPS = "select site, count(*), max(n) from entry group by site having count(*) <> max(n)"


@pytest.fixture(scope="module", params=two_or_three(("15", "18"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param)
    up(
        mesh,
        "create table account (id int primary key, owner int, balance int);"
        "create table entry (site int, n int, primary key (site, n));"
        "create table mi (id int primary key, n int); insert into mi values (1, 0), (2, 0);"
        f"insert into account select 10 * s + i, s, {START}"
        f" from generate_series(0, {len(request.param)}) s, generate_series(1, {ACCOUNTS}) i",
        "account", "entry", "mi",
    )  # fmt: skip
    yield mesh
    mesh.end()


@contextlib.contextmanager
def ended_after(threads: list[threading.Thread], ended: threading.Event) -> Iterator[None]:
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        for thread in threads:
            thread.join(30)


def transfer(session: psycopg.Connection, owner: int, rng: random.Random) -> None:
    """From one account of an owner to another."""
    one, other = (10 * owner + i for i in rng.sample(range(1, ACCOUNTS + 1), 2))
    values = {"sum": rng.randrange(1, 50), "one": one, "other": other}
    with session.transaction():
        for statement in TRANSFER.split(";"):
            session.execute(statement.encode(), values)


def test_s89_no_reader_sees_half_a_transfer(mesh: Mesh) -> None:
    """Each site moves money between its own accounts, and appends to its own list."""
    ended = threading.Event()
    wrong: list[object] = []
    whole = [(owner, START * ACCOUNTS) for owner in range(len(mesh.sites) + 1)]

    def write(site: Site) -> None:
        rng, n = random.Random(site.number), 0
        with site.database.connect() as session:
            while not ended.is_set():
                n += 1
                transfer(session, site.number, rng)
                session.execute("insert into entry values (%s, %s)", [site.number, n])

    def read(site: Site) -> None:
        with site.database.connect() as session:
            while not ended.wait(0.02):
                found = session.execute(TOTALS).fetchall()
                if found != whole:
                    wrong.append((site, found))
                wrong.extend((site, gap) for gap in session.execute(GAPS))

    threads = [threading.Thread(target=do, args=[site]) for site in mesh for do in (write, read)]
    with ended_after(threads, ended):
        pause(SECONDS)
    assert not wrong, wrong[:3]
    assert_whole(mesh, rounds=1)
    assert not mesh[1].query(GAPS)
    assert mesh[1].query(TOTALS) == whole
    assert mesh[1].value("select count(distinct site) from entry") == len(mesh.sites)
    assert not [c for c in conflicts(mesh[1], "account") if int(c["key"][0]) > ACCOUNTS]


def test_s89_what_a_shared_total_lacks_is_told(mesh: Mesh) -> None:
    """Two sites move money between the same accounts: what is lost of it is in the record."""
    settle(mesh)
    before = mesh[1].value("select sum(balance)::int from account where owner = 0")
    base = dict(mesh[1].query("select id, balance from account where owner = 0"))
    with parted(mesh):
        for number in (1, 2):
            rng = random.Random(number)
            with mesh[number].database.connect() as session:
                for _ in range(20):
                    transfer(session, 0, rng)
    assert_whole(mesh, rounds=1)
    now = mesh[1].value("select sum(balance)::int from account where owner = 0")
    for site in mesh:
        told = conflicts(site, "account")
        assert {c["loser_site"] for c in told} == {1}
        lost = sum(int(c["loser_row"][2]) - base[int(c["key"][0])] for c in told)
        assert now == before - lost
        assert len(told) > 1


def test_s86_the_last_to_lock_a_row_is_the_last_to_stamp_it(mesh: Mesh) -> None:
    """Two sessions of one site, as fast as they can; another site meanwhile, and before them."""
    times = 500 if SOAK else 100

    held: dict[int, str] = {}  # n at site 1 to the transaction that made it

    def count(site: Site) -> None:
        with site.database.connect() as session:
            for _ in range(times):
                [(n, xid)] = session.execute(
                    "update mi set n = n + 1 where id = 1 returning n, pg_current_xact_id()::text"
                ).fetchall()
                if site.number == 1:
                    held[n] = xid

    with parted(mesh):
        threads = [threading.Thread(target=count, args=[mesh[n]]) for n in (1, 1, 2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        found = mesh[1].query(
            "select xid::text, stamp from bondreplicate.replicate_log where key = '{1}'"
            " and source = 1 and tab ="
            " (select id from bondreplicate.replicate_tables where table_name = 'mi')"
        )
        stamps = [dict(found)[held[n]] for n in range(1, 2 * times + 1)]
        assert stamps == sorted(set(stamps)), "stamps go as the transactions that held the row"
        mesh[1].execute("update mi set n = n + 1 where id = 1")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "mi")[0] == (1, 2 * times + 1)
    for site in mesh:
        told = [c["loser_row"] for c in conflicts(site, "mi") if c["key"] == ["1"]]
        assert told == [["1", str(times)]]


def test_s86_a_long_transaction_has_the_stamp_of_its_statement(mesh: Mesh) -> None:
    """It commits last, and wrote first: what another site wrote meanwhile is later."""
    with mesh[1].database.connect() as slow:
        slow.execute("begin; update mi set n = -1 where id = 2")
        mesh[2].execute("update mi set n = 22 where id = 2")
        pause(0.5)
        slow.execute("commit")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "mi")[1] == (2, 22)
    for site in mesh:
        told = [c for c in conflicts(site, "mi") if c["key"] == ["2"]]
        assert [(c["winner_site"], c["loser_row"]) for c in told] == [(2, ["2", "-1"])]
