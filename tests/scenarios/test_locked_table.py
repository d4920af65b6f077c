"""A table that somebody keeps for himself, at a site that is to look at it: all others go on."""

import contextlib
import signal
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, Site, available_versions, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole

pytestmark = pytest.mark.timeout(120)
SETUP = """
create table kept (id int primary key, a int, b int generated always as (a * 2) stored);
create table part (id int primary key, a int);
create unique index on part (a) where a > 0;
create table other (id int primary key);
"""


@pytest.fixture
def two() -> Iterator[Mesh]:
    versions = available_versions()
    mesh = make_mesh((versions[-1], versions[-1]), SETUP)
    mesh.settle()
    yield mesh
    mesh.end()


@contextlib.contextmanager
def keeping(site: Site, *tables: str) -> Iterator[psycopg.Connection]:
    with site.database.connect() as user:
        user.autocommit = False
        user.execute(f"lock table {', '.join(tables)} in access exclusive mode")
        yield user
        user.rollback()


def flows(mesh: Mesh, table: str, number: int) -> None:
    """Rows of a table go both ways."""
    for origin, target in ((1, 2), (2, 1)):
        made = number * 10 + origin
        mesh[origin].execute(f"insert into {table} values (%s)", [made])
        eventually(
            lambda t=target, made=made: mesh[t].query(f"select from {table} where id = %s", [made]),
            f"{table} goes from {origin} to {target}",
        )


def test_other_tables_go_on(two: Mesh) -> None:
    with keeping(two[2], "kept", "part"):
        for site in two:
            site.execute("create table fresh (id int primary key)")
        flows(two, "fresh", 1)
        flows(two, "other", 1)
        two[1].execute("insert into kept (id, a) values (1, 1)")
        two[1].execute("insert into part values (1, 1)")
        for site in two:
            site.restart_daemon()
        flows(two, "other", 2)
        eventually(lambda: two[2].value(PARKED) == 2, "the changes of the tables wait")
        reasons = [r for (r,) in two[2].query("select reason from bondreplicate.replicate_parked")]
        assert all("is locked here (ACCESS EXCLUSIVE)" in reason for reason in reasons)
    assert_whole(two)
    assert two[2].query("select id, b from kept") == [(1, 2)]


def test_the_daemon_ends_though_a_table_is_locked(two: Mesh) -> None:
    with keeping(two[2], "kept"):
        two[2].execute("create table fresh (id int primary key)")
        eventually(
            lambda: two[2].query(
                "select from bondreplicate.replicate_tables where table_name = 'fresh' and active"
            ),
            "another table is followed",
        )
        two[2].stop_daemon(12)


def test_the_daemon_ends_though_a_statement_waits(two: Mesh) -> None:
    with two[2].database.connect() as user:
        user.autocommit = False
        user.execute("lock table bondreplicate.replicate_hosts in access exclusive mode")
        eventually(
            lambda: two[2].query(
                "select from pg_stat_activity where datname = current_database()"
                " and application_name = 'bondreplicate daemon' and wait_event_type = 'Lock'"
            ),
            "the daemon waits",
        )
        two[2].daemon.send_signal(signal.SIGINT)
        assert two[2].daemon.wait(12) == 0
        user.rollback()
