"""The proxy of the kit does to a connection what it says."""

import time
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.kit import Database, Proxy, eventually


@pytest.fixture
def proxy(database: Database) -> Iterator[Proxy]:
    with Proxy(database.cluster) as proxy:
        yield proxy


Connect = Callable[[], psycopg.Connection]


@pytest.fixture
def connect(proxy: Proxy, database: Database) -> Iterator[Connect]:
    made: list[psycopg.Connection] = []

    def make() -> psycopg.Connection:
        made.append(psycopg.connect(proxy.dsn(database.name), autocommit=True, connect_timeout=5))
        return made[-1]

    yield make
    for connection in made:
        connection.close()


def test_bytes_pass_in_both_directions(proxy: Proxy, connect: Connect) -> None:
    connection = connect()
    row = connection.execute("select repeat('x', 3000000), length(%s)", ["y" * 2000000]).fetchone()
    assert row == ("x" * 3000000, 2000000)
    eventually(lambda: proxy.bytes_forwarded > 5000000, "the last block is counted")
    assert proxy.connections == 1
    connection.close()
    eventually(lambda: proxy.connections == 0, "the proxy has let the connection go")


def test_cut_closes_what_is_open_and_takes_new_ones(proxy: Proxy, connect: Connect) -> None:
    connection = connect()
    assert proxy.cut() == 1
    with pytest.raises(psycopg.OperationalError):
        connection.execute("select 1")
    assert connect().execute("select 1").fetchone() == (1,)


def test_refusing_closes_new_ones_until_it_ends(proxy: Proxy, connect: Connect) -> None:
    connection = connect()
    with proxy.refusing():
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
        with pytest.raises(psycopg.OperationalError):
            connect()
    assert connect().execute("select 1").fetchone() == (1,)


def test_a_blackhole_is_silent_and_loses_nothing(proxy: Proxy, connect: Connect) -> None:
    connection = connect()
    with proxy.blackhole():
        connection.pgconn.send_query(b"select 42")
        connection.pgconn.flush()
        eventually(lambda: not connection.pgconn.flush(), "the query is under way")
        connection.pgconn.consume_input()
        with pytest.raises(AssertionError, match="an answer"):
            eventually(lambda: _has_answer(connection), "an answer", timeout_s=0.3)
        assert proxy.connections == 1
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            psycopg.connect(proxy.dsn(), connect_timeout=2)
    eventually(lambda: _has_answer(connection), "the answer after the outage")
    result = connection.pgconn.get_result()
    assert result is not None
    assert result.get_value(0, 0) == b"42"


def _has_answer(connection: psycopg.Connection) -> bool:
    connection.pgconn.consume_input()
    return not connection.pgconn.is_busy()


def test_a_delay_costs_time_each_way_but_not_throughput(proxy: Proxy, connect: Connect) -> None:
    connection = connect()
    with proxy.delay(100):
        begun_at = time.monotonic()
        connection.execute("select 1")
        assert 0.2 <= time.monotonic() - begun_at < 0.4
        begun_at = time.monotonic()
        connection.execute("select repeat('x', 10000000)")
        assert time.monotonic() - begun_at < 2
    begun_at = time.monotonic()
    connection.execute("select 1")
    assert time.monotonic() - begun_at < 0.2


@pytest.mark.parametrize("hang", [False, True])
def test_the_answer_to_a_commit_is_lost_but_not_the_commit(
    hang: bool, proxy: Proxy, connect: Connect, database: Database
) -> None:
    database.execute("create table t (i int)")
    connection = connect()
    connection.execute("begin")
    connection.execute("insert into t values (1)")
    with proxy.lose_answer_to(b"COMMIT", hang=hang) as answer:
        if hang:
            connection.pgconn.send_query(b"COMMIT")
            connection.pgconn.flush()
        else:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("COMMIT")
        answer.wait()
        if hang:
            assert not _has_answer(connection)
        assert connect().execute("select i from t").fetchall() == [(1,)]


def test_a_server_that_is_not_there_is_a_closed_connection() -> None:
    with (
        Proxy(("127.0.0.1", 1)) as proxy,
        pytest.raises(psycopg.OperationalError, match="closed the connection"),
    ):
        psycopg.connect(proxy.dsn(), connect_timeout=5)
