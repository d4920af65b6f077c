"""Scenario 92: PostgreSQL dies in the middle of the work, where it is applied and at the source."""

import os
import signal
from collections.abc import Callable

import psycopg
import pytest

from tests.kit import Mesh, Site, checkers, eventually, mixed_versions, pause
from tests.kit.workloads import PRODUCTS, Writers
from tests.scenarios.watch import (
    AUDITED_SHOP,
    assert_applied_once,
    keep_audit_apart,
    watched_foreign_keys,
)

APPLYING = (
    "select pid from pg_stat_activity where application_name like 'bondreplicate apply%'"
    " and backend_xid is not null"
)
AWAY_S = [1, pytest.param(70, marks=pytest.mark.soak)]


@pytest.mark.parametrize("away_s", AWAY_S)
def test_s92_servers_die_in_the_middle_of_the_work(
    new_mesh: Callable[..., Mesh], away_s: float
) -> None:
    mesh = new_mesh(
        mixed_versions(2),
        AUDITED_SHOP + PRODUCTS + "create table arrival (told text primary key);",
        start=False,
        cluster_options={"durable": True},
    )
    keep_audit_apart(mesh)
    mesh.start()
    source, target = mesh
    with (
        watched_foreign_keys(mesh.dsns),
        Writers(source.dsn, "source", per_second=20) as one,
        Writers(target.dsn, "target", per_second=5, threads=1) as two,
    ):
        wait_applying(target)
        target.database.cluster.stop("immediate")
        pause(away_s)
        target.database.cluster.start()
        assert_arrives(mesh, source, target)

        os.kill(wait_applying(target), signal.SIGKILL)
        assert_arrives(mesh, source, target)

        wait_applying(target)
        source.database.cluster.kill9()
        pause(away_s)
        source.database.cluster.start()
        assert_arrives(mesh, source, target)
        assert_arrives(mesh, target, source)
    mesh.assert_whole()
    assert_applied_once(mesh)
    assert_outcome_holds(mesh, one, two)


def test_what_was_sent_outlives_a_crash_though_commits_do_not_wait(
    new_mesh: Callable[..., Mesh],
) -> None:
    """With synchronous_commit = off a commit is seen, and sent, before it is on disk."""
    unhurried = {"wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
    mesh = new_mesh(
        mixed_versions(2),
        "create table item (id int primary key, n int)",
        cluster_options={"durable": True, "settings": unhurried},
    )
    source, target = mesh
    for number in range(0, 9, 3):
        with psycopg.connect(source.dsn, autocommit=True) as app:
            app.execute("set synchronous_commit = off")
            # In a quick row: now and then something of ours puts the server's log on disk.
            for item in range(number, number + 3):
                app.execute("insert into item values (%s, 0)", [item])
                eventually(
                    lambda n=item: target.query("select from item where id = %s", [n]),
                    "it is at the target",
                    every_s=0.001,
                )
            source.database.cluster.kill9()
        source.database.cluster.start()
        assert source.value("select count(*) from item") == number + 3
    mesh.assert_whole()


def wait_applying(site: Site) -> int:
    """A server process that has just applied something and not committed."""
    found = eventually(lambda: site.query(APPLYING), f"a link applies at {site}", every_s=0)
    return found[0][0]


def assert_arrives(mesh: Mesh, origin: Site, target: Site) -> None:
    """Links come back by themselves, and soon: what is new at one site gets to the other.

    A server that has just started, or is still recovering, refuses: that is no fault of links.
    """

    def is_up() -> bool:
        return all(site.database.cluster.is_running() and can_answer(site) for site in mesh)

    eventually(is_up, "both servers answer", 30)
    # In a table of its own: a row that the writers change too may rightly lose against theirs.
    told = origin.value("insert into arrival values (clock_timestamp()::text) returning told")
    eventually(
        lambda: target.query("select from arrival where told = %s", [told]),
        f"a change of {origin} arrives at {target} again",
        15,
    )


def can_answer(site: Site) -> bool:
    done = site.database.cluster.run("psql", "-X", "-c", "select", site.database.name, check=False)
    return done.returncode == 0


def assert_outcome_holds(mesh: Mesh, *writers: Writers) -> None:
    """NOLOSS: acknowledged rows are everywhere; others only where nobody could know."""
    acknowledged = set().union(*(w.outcome.acknowledged for w in writers))
    in_doubt = set().union(*(w.outcome.in_doubt for w in writers))
    assert len(acknowledged) > 20
    checkers.assert_nothing_lost(mesh.dsns, "public.event", "id", acknowledged)
    there = {row[0] for row in mesh.sites[0].query("select id from event")}
    assert there - acknowledged <= in_doubt
