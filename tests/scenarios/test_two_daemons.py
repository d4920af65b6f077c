"""Scenario 107: two daemons for one site; a daemon that sleeps and wakes up."""

import signal
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, Site, eventually, make_mesh, mixed_versions, pause
from tests.kit.workloads import PRODUCTS
from tests.scenarios.watch import AUDITED_SHOP, assert_applied_once, keep_audit_apart

ASLEEP_S = [2, pytest.param(3600, marks=pytest.mark.soak)]


@pytest.fixture
def pair() -> Iterator[Mesh]:
    mesh = make_mesh(mixed_versions(2), AUDITED_SHOP + PRODUCTS, start=False)
    keep_audit_apart(mesh)
    mesh.start()
    yield mesh
    mesh.end()


@pytest.fixture
def second(pair: Mesh) -> Iterator[Site]:
    """Another daemon for site 1, in a directory of its own, as on another host."""
    site = Site(1, pair[1].database)
    yield site
    site.end()
    print(f"--- second daemon of site 1\n{site.story()}")


def write(site: Site, what: str, count: int = 50) -> None:
    site.execute(
        "insert into event (id, what)"
        f" select gen_random_uuid(), '{what}' from generate_series(1, {count})"
    )


def arrives(site: Site, what: str, count: int = 50) -> None:
    eventually(
        lambda: site.value("select count(*) from event where what = %s", [what]) == count,
        f"{what} at {site}",
        30,
    )


def test_s107_a_second_daemon_waits_and_takes_over(pair: Mesh, second: Site) -> None:
    first, peer = pair
    second.start_daemon(wait=False)
    eventually(lambda: "standby" in second.log.read_text(), "the second says that it waits")
    assert "main loop" not in second.out.read_text()
    assert second.log.read_text().count("standby") == 1
    write(first, "with both")
    arrives(peer, "with both")
    first.kill9_daemon()
    second.wait_ready(15)
    write(first, "with the second")
    arrives(peer, "with the second")
    first.start_daemon(wait=False)
    write(peer, "back")
    arrives(first, "back")
    second.stop_daemon()
    first.wait_ready(15)
    pair.assert_whole()
    assert_applied_once(pair)


@pytest.mark.parametrize("asleep_s", ASLEEP_S)
def test_s107_a_frozen_daemon_wakes_up_beside_its_successor(
    pair: Mesh, second: Site, asleep_s: float
) -> None:
    """Its lock is lost where the server drops it; with its stale view it must not apply a thing."""
    first, peer = pair
    write(first, "before")
    arrives(peer, "before")
    first.daemon.send_signal(signal.SIGSTOP)
    pause(asleep_s)
    first.execute(
        "select pg_terminate_backend(pid) from pg_stat_activity"
        " where datname = current_database() and application_name like 'bondreplicate daemon%'"
    )
    second.start_daemon()
    write(first, "asleep")
    arrives(peer, "asleep")
    first.execute("delete from event where what = 'before'")
    write(first, "awake")
    first.daemon.send_signal(signal.SIGCONT)
    arrives(peer, "awake")
    arrives(peer, "before", 0)
    eventually(lambda: first.log.read_text().count("standby") > 0, "the one that woke up waits", 20)
    write(first, "after")
    arrives(peer, "after")
    pair.assert_whole()
    assert_applied_once(pair)
    assert not first.conflicts()
    assert not peer.conflicts()


@pytest.mark.parametrize("asleep_s", ASLEEP_S)
def test_s107_a_daemon_that_slept_goes_on(pair: Mesh, asleep_s: float) -> None:
    """Suspended alone: nothing explodes, and what came meanwhile is sent."""
    first, peer = pair
    first.daemon.send_signal(signal.SIGSTOP)
    write(first, "asleep")
    write(peer, "to the sleeper")
    pause(asleep_s)
    assert peer.value("select count(*) from event where what = 'asleep'") == 0
    first.daemon.send_signal(signal.SIGCONT)
    arrives(peer, "asleep")
    arrives(first, "to the sleeper")
    pair.assert_whole()
    assert_applied_once(pair)
