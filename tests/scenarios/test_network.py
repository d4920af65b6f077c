"""Scenario 94: the network is cut, reset, half-open."""

from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.kit import Mesh, Site, eventually, make_mesh, mixed_versions, pause
from tests.scenarios import wire
from tests.scenarios.watch import AUDITED_SHOP, assert_applied_once, keep_audit_apart

NOTICED_S = 30
"""Keepalive and time-out of both ends (15 s each), and the wait before the next try."""
AWAY_S = [20, pytest.param(300, marks=pytest.mark.soak)]
APPLYING = (
    "select count(*) from pg_stat_activity where application_name like 'bondreplicate apply 1->2%'"
    " and datname = current_database() and xact_start is not null"
)


@pytest.fixture
def cable() -> Iterator[wire.Wire]:
    if why := wire.missing():
        pytest.skip(f"no network namespaces: {why}")
    made = wire.Wire()
    yield made
    made.end()


@pytest.fixture
def pair(cable: wire.Wire) -> Iterator[Mesh]:
    """Site 1's daemon stands at the far end of the cable; site 2's server at the near end."""
    mesh = make_mesh(
        mixed_versions(2),
        AUDITED_SHOP,
        start=False,
        settings={"lock_timeout_ms": 20_000},
        cluster_options={"settings": {"listen_addresses": "*"}},
    )
    keep_audit_apart(mesh)
    cluster = mesh[2].database.cluster
    with (cluster.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {cable.mask} trust\n")
    cluster.reload()
    mesh[1].execute(
        "update bondreplicate.replicate_hosts set dsn = %s where site = 2",
        [f"host={cable.address} port={cluster.port} user=postgres dbname={mesh[2].database.name}"],
    )
    mesh[1].prefix = cable.prefix
    mesh.start()
    yield mesh
    mesh.end()


def write(site: Site, what: str, count: int = 100) -> None:
    site.execute(
        "insert into event (id, what) select gen_random_uuid(), %s from generate_series(1, %s)",
        [what, count],
    )


def arrives(site: Site, what: str, count: int = 100, timeout_s: float = NOTICED_S) -> None:
    eventually(
        lambda: site.value("select count(*) from event where what = %s", [what]) == count,
        f"{what} at {site}",
        timeout_s,
    )


@pytest.mark.parametrize("away_s", AWAY_S)
def test_s94_a_cable_is_pulled_in_the_middle_of_a_batch(
    pair: Mesh, cable: wire.Wire, away_s: float
) -> None:
    """What the lost session was asked for it does, and keeps no lock while the cable is out."""
    one, two = pair
    one.execute("insert into customer (email, name) values ('a', 'a')")
    eventually(lambda: two.value("select count(*) from customer") == 1, "the customer arrives")
    held = two.database.connect()
    held.autocommit = False
    held.execute("select from customer for update")
    write(one, "cut")
    one.execute("update customer set name = 'b'")
    waiting = f"{APPLYING} and wait_event_type = 'Lock'"
    eventually(lambda: two.value(waiting) > 0, "a batch waits for the lock")
    cable.pull()
    held.rollback()
    held.close()
    with two.database.connect() as user:
        user.execute("set lock_timeout = '2s'")
        user.execute("update customer set balance = 1")
    pause(away_s)
    eventually(lambda: two.value(APPLYING) == 0, "no transaction of the lost session", NOTICED_S)
    write(one, "while out")
    cable.plug()
    arrives(two, "while out")
    arrives(two, "cut")
    pair.assert_whole()
    assert_applied_once(pair)
    spurious = [c for site in pair for c in site.conflicts() if c["table_name"] != "customer"]
    assert not spurious


def test_s94_connections_are_reset_and_killed(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(mixed_versions(2), AUDITED_SHOP, proxies=True, start=False)
    keep_audit_apart(mesh)
    mesh.start()
    one, two = mesh
    for number in range(4):
        write(one, f"n{number}")
        if number % 2:
            mesh.proxies[1, 2].cut()
        else:
            two.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity where datname ="
                " current_database() and application_name like 'bondreplicate apply%'"
            )
        write(one, f"m{number}")
        arrives(two, f"n{number}", timeout_s=10)
        arrives(two, f"m{number}", timeout_s=10)
    mesh.assert_whole()
    assert_applied_once(mesh)
    assert not [c for site in mesh for c in site.conflicts()]


def test_s94_a_link_that_goes_silent_in_a_batch_holds_up_no_other(
    new_mesh: Callable[..., Mesh],
) -> None:
    """Batches of one site wait for each other there, and not for each other's networks."""
    mesh = new_mesh(mixed_versions(3), AUDITED_SHOP, proxies=True, start=False)
    keep_audit_apart(mesh)
    mesh.start()
    one, two, three = mesh
    proxy = mesh.proxies[1, 3]
    with proxy.lose_answer_to(b"apply_batch", hang=True) as silent:
        proxy.cut()  # a new session sends the statement by its words, and not yet by a name
        write(one, "silent")
        silent.wait()
        write(two, "beside it")
        arrives(three, "beside it", timeout_s=10)
    proxy.cut()
    arrives(three, "silent")
    mesh.assert_whole()
    assert_applied_once(mesh)
    assert not [c for site in mesh for c in site.conflicts()]


def test_s94_a_cut_while_idle_is_noticed_before_it_matters(pair: Mesh, cable: wire.Wire) -> None:
    """A firewall that forgets idle connections: the link finds out, and what comes later flows."""
    one, two = pair
    write(one, "first")
    arrives(two, "first")
    pair.settle()
    cable.pull()
    pause(3)
    write(one, "later")
    with pytest.raises(AssertionError):
        arrives(two, "later", timeout_s=2)
    cable.plug()
    arrives(two, "later")
    with pytest.raises(psycopg.errors.UniqueViolation):
        two.execute("insert into event (id, what) select id, 'twice' from event limit 1")
    pair.assert_whole()
    assert_applied_once(pair)
