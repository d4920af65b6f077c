"""The application does not notice: the same answers and errors, no wait, no failure, no hot row."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.kit import Database, Mesh, make_mesh
from tests.scenarios.steps import SOAK, assert_whole, rows_of, up

pytestmark = pytest.mark.timeout(300)

SECONDS = 60 if SOAK else 3

# Whoever inserts waits for a moment where another makes a table longer: 'extend'. That is no lock
# that a transaction holds.
WAITING = (
    "select coalesce(string_agg(l.relation::regclass::text, ', '), '') from pg_locks l"
    " join pg_class c on c.oid = l.relation join pg_namespace n on n.oid = c.relnamespace"
    " join pg_stat_activity a on a.pid = l.pid"
    " where not l.granted and l.locktype <> 'extend' and n.nspname = 'bondreplicate'"
    " and a.application_name = 'app'"
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["18", "15"])
    yield mesh
    mesh.end()


@pytest.fixture
def bare(new_database: Callable[..., Database]) -> Database:
    """A database of the same version without replication: what the application expects."""
    return new_database("18")


def app(dsn: str) -> psycopg.Connection:
    return psycopg.connect(f"{dsn} application_name=app", autocommit=True)


def update_own_rows(dsn: str, seconds: float) -> tuple[int, Counter[str]]:
    """Eight sessions, each on its own row, SERIALIZABLE; transactions done, and errors.

    The rows are far apart: on one page they could fail without any capture.
    """
    done, errors = Counter(), Counter()
    until_s = time.monotonic() + seconds

    def work(row: int) -> None:
        with app(dsn) as c:
            c.execute("set enable_seqscan = off")  # it would lock the table as a whole, for SSI
            while time.monotonic() < until_s:
                try:
                    c.execute("begin isolation level serializable")
                    c.execute("update se set n = n + 1 where id = %s", [row])
                    c.execute("commit")
                    done[row] += 1
                except psycopg.Error as error:
                    errors[error.sqlstate or "?"] += 1
                    c.execute("rollback")

    threads = [threading.Thread(target=work, args=(row,)) for row in range(300, 6000, 700)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return done.total(), errors


SE = """
create table se (id int primary key, n int) with (fillfactor = 20, autovacuum_enabled = off);
create table se2 (id int primary key, n int);
insert into se select i, 0 from generate_series(1, 6000) i;
insert into se2 select i, 0 from generate_series(1, 100) i;
"""


def test_s58_serializable(mesh: Mesh, bare: Database) -> None:
    up(mesh, SE, "se", "se2")
    bare.execute(SE)
    ended = threading.Event()
    waits: list[str] = []

    def watch() -> None:
        with mesh[1].database.connect() as c:
            while not ended.wait(0.02):
                [(found,)] = c.execute(WAITING).fetchall()
                if found:
                    waits.append(found)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        without, expected = update_own_rows(bare.dsn, SECONDS)
        captured, errors = update_own_rows(mesh[1].dsn, SECONDS)
        opposite_order(mesh[1].dsn)
        open_writer(mesh[1].dsn)
    finally:
        ended.set()
        watcher.join()
    assert not errors, f"{errors} with capture, {expected} without"
    assert not waits, f"waited for a table of replication: {Counter(waits)}"
    assert captured > without * (0.5 if SOAK else 0.25), (captured, without)
    assert_whole(mesh)


def opposite_order(dsn: str) -> None:
    """Two sessions write two tables in opposite order, different rows: nobody waits."""
    with app(dsn) as one, app(dsn) as two:
        for c in (one, two):
            c.execute("set lock_timeout = '1s'; begin")
        one.execute("update se set n = 7 where id = 21")
        two.execute("update se2 set n = 7 where id = 22")
        one.execute("update se2 set n = 7 where id = 21")
        two.execute("update se set n = 7 where id = 22")
        one.execute("commit")
        two.execute("commit")


def open_writer(dsn: str) -> None:
    """A session that wrote one row and does nothing keeps nobody from writing others."""
    with app(dsn) as idle:
        idle.execute("begin; update se set n = 9 where id = 31")
        for row in range(40, 90):
            with app(dsn) as c:
                c.execute("set lock_timeout = '1s'")
                c.execute("update se set n = 9 where id = %s", [row])
        idle.execute("commit")


RC = "create table rc (id serial primary key, n int)"
SCRIPT = (
    "insert into rc (n) values (1) returning id",
    "select lastval()",
    "select currval('rc_id_seq')",
    "update rc set n = 2",
    "insert into rc values ({id}, 3) on conflict (id) do update set n = 3 returning (xmax <> 0)",
    "update rc set n = n",
    "update rc set n = 5 where false",
    "delete from rc where false",
    "with gone as (delete from rc where id = -1 returning id) select count(*) from gone",
    "merge into rc using (select {id} id) v on rc.id = v.id when matched then update set n = 8",
    "select n from rc",
)


def answers(dsn: str) -> list[tuple[str | None, int, list[tuple]]]:
    """Command tag, row count and rows of each statement; ids as distances from the first."""
    told = []
    with app(dsn) as c:
        first = 0
        for statement in SCRIPT:
            cursor = c.execute(statement.format(id=first))
            rows = cursor.fetchall() if cursor.description else []
            if not told:
                first = rows[0][0]
            rows = [
                tuple("id" if type(v) is int and v == first else v for v in row) for row in rows
            ]
            told.append((cursor.statusmessage, cursor.rowcount, rows))
    return told


def test_s59_answers(mesh: Mesh, bare: Database) -> None:
    up(mesh, RC, "rc")
    bare.execute(RC + "; select nextval('rc_id_seq'), nextval('rc_id_seq')")
    assert answers(mesh[1].dsn) == answers(bare.dsn)
    assert_whole(mesh, rounds=5)
    [(rc_id, n)] = rows_of(mesh, "rc")
    assert n == 8
    assert rc_id % 10 == 1, "made at site 1"


def test_s59_row_count_in_plpgsql(mesh: Mesh, bare: Database) -> None:
    setup = "create table found (id int primary key, n int)"
    up(mesh, setup, "found")
    bare.execute(setup)
    block = """
        create function pg_temp.told() returns text language plpgsql as $$
        declare a bigint; b bigint; c boolean; d boolean;
        begin
            insert into found select i, 0 from generate_series(1, 7) i;
            get diagnostics a = row_count;
            update found set n = 1 where id < 4;
            get diagnostics b = row_count;
            c := found;
            delete from found where id > 1000;
            d := found;
            return concat_ws(' ', a, b, c, d);
        end $$
    """
    told = []
    for dsn in (mesh[1].dsn, bare.dsn):
        with app(dsn) as c:
            c.execute(block)
            told.append(c.execute("select pg_temp.told()").fetchall())
    assert told[0] == told[1] == [("7 3 t f",)]
    assert_whole(mesh)


def test_s59_trigger_writes_leave_lastval_alone(mesh: Mesh) -> None:
    """Every kind of captured statement, TRUNCATE and a changed key included."""
    setup = "create table lv (id serial primary key, n int); create table lv2 (id int primary key)"
    up(mesh, setup, "lv", "lv2")
    with app(mesh[1].dsn) as c:
        [(mine,)] = c.execute("insert into lv (n) values (1) returning id").fetchall()
        for statement in (
            "insert into lv2 select generate_series(1, 50)",
            "update lv2 set id = id + 100",
            "delete from lv2 where id < 120",
            "truncate lv2",
        ):
            c.execute(statement)
            assert c.execute("select lastval()").fetchall() == [(mine,)], statement
    assert_whole(mesh)
    assert rows_of(mesh, "lv2") == []
