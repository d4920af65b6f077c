"""A user's transaction is open while a batch is applied to the rows that it changes."""

import contextlib
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from bondreplicate.border.database import connect
from bondreplicate.site.prune import rotate
from tests.kit import Mesh, Site, available_versions, checkers, eventually, make_mesh
from tests.scenarios.columns import resolve
from tests.scenarios.steps import assert_whole, parted, rows_of, wait_delivered

pytestmark = pytest.mark.timeout(120)

SETUP = """
create table met (id int primary key, t text); insert into met values (1, 'old');
create table parent (id int primary key); insert into parent values (1), (2);
create table child (id int primary key, p int references parent);
create table again (id int primary key, t text);
create table again_by_column (id int primary key, t text);
"""
APPLYING = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and application_name like 'bondreplicate%%' and query ~ 'apply_batch'"
)
LATER = "update met set t = 'later' where id = 1"
DELETED = "select count(*) from bondreplicate.replicate_log where key = '{1}' and site = 2"


@pytest.fixture(scope="module")
def two() -> Iterator[Mesh]:
    newest = available_versions()[-1]
    mesh = make_mesh([newest] * 2, SETUP, proxies=True, settings={"lock_timeout_ms": 10_000})
    resolve(mesh, "column", "again_by_column")
    yield mesh
    mesh.end()


@contextlib.contextmanager
def open_at(site: Site, statement: LiteralString) -> Iterator[psycopg.Connection]:
    """A transaction that has done this, and goes on."""
    with site.database.connect() as user:
        user.autocommit = False
        user.execute(statement)
        yield user


def test_what_a_user_changes_while_it_is_merged_is_compared(two: Mesh) -> None:
    """It was not there yet when versions were compared, and is the later one."""
    with contextlib.ExitStack() as users:
        with parted(two):
            two[1].execute("update met set t = 'earlier' where id = 1")
            user = users.enter_context(open_at(two[2], LATER))
        eventually(
            lambda: two[2].value(f"{APPLYING} and wait_event_type = 'Lock'"), "it waits for the row"
        )
        user.commit()
    assert_whole(two, rounds=1)
    assert rows_of(two, "met")[0] == (1, "later")


def test_a_parent_that_a_user_deletes_meanwhile_leaves_no_orphan(two: Mesh) -> None:
    """Each has looked before it could see what the other does; not even for a moment."""
    two.proxies[2, 1].flows.clear()  # what mends it, at site 1, cannot come
    try:
        with open_at(two[2], "delete from parent where id = 2") as user:
            two[1].execute("insert into child values (1, 2)")
            eventually(
                lambda: (
                    two[2].value(f"{APPLYING} and wait_event_type = 'Lock'")
                    or two[2].value("select count(*) from child")
                ),
                "it comes",
            )
            user.commit()
        wait_delivered(two, (1, 2))
        checkers.assert_no_orphans([two[2].dsn])
    finally:
        two.proxies[2, 1].flows.set()
    assert_whole(two, rounds=1)
    assert (rows_of(two, "parent"), rows_of(two, "child")) == ([(1,), (2,)], [(1, 2)])


@pytest.mark.parametrize(("table", "other"), [("again", 2), ("again_by_column", 3)])
def test_a_delete_is_remembered_for_an_insert_that_it_has_passed(
    two: Mesh, table: LiteralString, other: int
) -> None:
    """The insert has the lower stamp: forgotten here, the delete would beat it at site 2 alone."""
    two.proxies[1, 2].flows.clear()  # nothing tells site 2 that it may forget the delete
    try:
        with (
            open_at(two[1], f"insert into {table} values (1, 'stays')") as user,
            connect(two[1].dsn, role="test") as here,
        ):
            two[2].execute("insert into met values (%s, 'new')", [other])
            eventually(
                lambda: two[1].query("select from met where id = %s", [other]), "a change is here"
            )
            rotate(here, [2])  # it writes into a part of the log that is closed
            two[2].execute(f"insert into {table} values (1, 'goes'); delete from {table}")
            eventually(lambda: two[1].value(DELETED) > 0, "the delete is here")
            rotate(here, [2])
            user.commit()
            rotate(here, [2])
    finally:
        two.proxies[1, 2].flows.set()
    assert_whole(two, rounds=1)
    assert rows_of(two, table) == [(1, "stays")]
