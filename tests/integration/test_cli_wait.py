"""`wait`: how far the changes of a site have got, and why no further."""

import json
import threading
from collections.abc import Callable

import pytest

from tests.integration.pair import log_change, make_pair, park, set_position
from tests.kit.mesh import Mesh
from tests.kit.site import Site

DAEMON = "select pg_advisory_lock(1651469924, 3)"


@pytest.fixture
def pair(new_mesh: Callable[..., Mesh]) -> tuple[Site, Site]:
    return make_pair(new_mesh)


def test_wait_returns_when_the_peer_has_what_was_committed_before(pair):
    one, two = pair
    start = one.value("select pg_current_snapshot()::text")
    set_position(two, one, start)
    assert one.cli_json("wait", "--timeout", "5")[0]["arrived"]
    position = log_change(one, "item", ["1"])
    with one.database.connect() as daemon:
        daemon.execute(DAEMON)
        done = one.cli("wait", "--timeout", "0.5", check=1)
        assert "error: site 2 (site2) is behind: has not applied everything" in done.stderr
        timer = threading.Timer(1.5, set_position, (two, one, position))
        timer.start()
        [arrival] = one.cli_json("wait", "--timeout", "20")
        timer.join()
    assert arrival["arrived"]
    assert arrival["state"] == "in step"


def test_wait_says_at_once_that_nothing_is_sent(pair):
    one, two = pair
    set_position(two, one, one.value("select pg_current_snapshot()::text"))
    log_change(one, "item", ["1"])
    done = one.cli("wait", "--timeout", "100", check=1, timeout_s=60)
    assert done.stderr.splitlines() == [
        "error: site 2 (site2) is behind: no daemon: bondreplicate does not run at site 1",
        "hint: start it with `bondreplicate run`, or see its log",
    ]
    two.execute("update bondreplicate.replicate_state set went_down_at = now()")
    [found] = one.cli_json("wait", "--timeout", "100", check=1)
    assert (found["state"], found["reason"]) == ("down", "down: replication is down at site 2")
    assert found["hint"] == "run bondreplicate there"


def test_wait_does_not_wait_for_what_comes_later_or_is_not_committed(pair):
    one, two = pair
    set_position(two, one, one.value("select pg_current_snapshot()::text"))
    with one.database.connect() as writer, writer.transaction():
        writer.execute(
            "insert into bondreplicate.replicate_log (xid, stamp, hash, tab, site, source, part,"
            " key) select pg_current_xact_id(), now(), 0, 411, 1, 1, 0, '{1}'"
        )
        one.cli("wait", "--timeout", "5")
    one.cli("wait", "--timeout", "0.3", check=1)


def test_what_is_parked_has_not_arrived(pair):
    one, two = pair
    set_position(two, one, one.value("select pg_current_snapshot()::text"))
    park(two, one, ["9"], "no parent")
    done = one.cli("wait", "--timeout", "0.3", check=1)
    assert "error: site 2 (site2): 1 change is parked there: no parent" in done.stderr
    assert one.cli_json("wait", "--timeout", "0.3", check=1)[0]["state"] == "parked"


def test_wait_names_a_peer_that_does_not_answer(pair):
    one = pair[0]
    one.execute("update bondreplicate.replicate_hosts set dsn = 'host=/nowhere' where site = 2")
    done = one.cli("wait", "--timeout", "0.5", check=1)
    assert "site 2 (site2) is behind: unreachable: " in done.stderr
    assert "No such file" in done.stderr
    assert "hint: start that server, or correct host and port in the dsn" in done.stderr


def test_wait_says_that_there_is_nobody_to_wait_for(pair):
    one = pair[0]
    one.execute("update bondreplicate.replicate_hosts set enabled = false where site = 2")
    said = "note: no other site is enabled: there is nothing to wait for\n"
    assert one.cli("wait").stderr == said
    done = one.cli("wait", "--json")
    assert json.loads(done.stdout) == []
    assert done.stderr == said
