"""A site whose files are put back, or of which there are two: it is refused, and stays refused."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.kit import Cluster, Database, Mesh, Site, eventually, make_mesh
from tests.kit.binaries import available_versions, server_user
from tests.scenarios.steps import one_a_day

pytestmark = pytest.mark.timeout(180)
BATCHES = "select batches from bondreplicate.replicate_position where site = 1"
PROOF = "select token from bondreplicate.replicate_proof where site = 2"
REFUSED = "select refused from bondreplicate.replicate_proof where site = %s"
COUNT = "select count(*) from note where body = %s"


@pytest.fixture
def two() -> Iterator[Mesh]:
    versions = available_versions()
    mesh = make_mesh(
        (versions[-1], versions[0]),
        "create table note (id serial primary key, body text)",
        own_clusters=True,
    )
    write(mesh[1], "before", 3)
    mesh.settle()
    yield mesh
    mesh.end()


def write(site: Site, body: str, number: int) -> None:
    """Rows, each in a transaction of its own."""
    with site.database.connect() as connection:
        for _ in range(number):
            connection.execute("insert into note (body) values (%s)", [body])


def saved(site: Site) -> Path:
    """Files of the site's server, as a snapshot of its disk has them."""
    cluster = site.database.cluster
    site.stop_daemon()
    cluster.stop()
    subprocess.run(["cp", "-a", str(cluster.data), str(cluster.dir / "saved")], check=True)
    cluster.start()
    site.start_daemon()
    return cluster.dir / "saved"


def put_back(site: Site, files: Path) -> None:
    """The server runs again as it was; the daemon does not yet."""
    cluster = site.database.cluster
    site.stop_daemon()
    cluster.stop()
    shutil.rmtree(cluster.data)
    files.rename(cluster.data)
    cluster.start()


def refused(origin: Site, target: Site, why: str) -> None:
    """The link says so, writes it down, and each command tells it."""
    eventually(lambda: origin.value(REFUSED, [target.number]), f"the link from {origin} is refused")
    assert why in origin.value(REFUSED, [target.number])
    link = f"{origin.number}->{target.number}"
    for site in (origin, target):
        links = site.cli_json("status", check=1)["links"]
        states = {f"{x['origin']}->{x['target']}": x for x in links}
        assert states[link]["state"] == "held"
        assert why in states[link]["reason"]
        told = site.cli("doctor", check=1).stdout
        assert why in told
        assert "docs/how-to/join-a-site.md" in told


@pytest.mark.parametrize("first", one_a_day("daemon", "application"))
def test_a_site_that_was_put_back_is_refused_for_good(two: Mesh, first: str) -> None:
    one, other = two
    files = saved(one)
    write(one, "lost", 100 if first == "daemon" else 4)
    two.settle()
    put_back(one, files)
    if first == "application":
        write(one, "after", 200)
    one.start_daemon()
    refused(one, other, "site 1 went back in time")
    write(one, "after", 200)
    one.restart_daemon()
    refused(one, other, "site 1 went back in time")
    assert other.value(COUNT, ["after"]) == 0
    assert other.value(COUNT, ["lost"]) in (4, 100)


def test_a_target_that_was_put_back_is_refused(two: Mesh) -> None:
    one, other = two
    files = saved(one)
    write(other, "lost", 4)
    two.settle()
    put_back(one, files)
    one.start_daemon()
    write(other, "after", 1)
    refused(other, one, "site 1 (site1) went back in time")


def test_of_two_that_run_one_is_refused(two: Mesh) -> None:
    one, other = two
    cluster = one.database.cluster
    one.stop_daemon()
    cluster.stop()
    twin = Cluster(cluster.version)
    shutil.rmtree(twin.data)
    subprocess.run(["cp", "-a", str(cluster.data), str(twin.data)], check=True)
    twin.configure({"port": str(twin.port), "unix_socket_directories": str(twin.dir)})
    cluster.start()
    twin.start()
    clone = Site(1, database_in(twin, one.database.name))
    try:
        one.start_daemon()
        write(one, "here", 20)
        eventually(lambda: other.value(COUNT, ["here"]) == 20, "the site goes on")
        # More transactions than the other has made: by their number alone it is not behind.
        with clone.database.connect() as connection:
            for _ in range(200):
                connection.execute("insert into note (body) values ('there')")
        clone.start_daemon()
        eventually(lambda: clone.value(REFUSED, [2]), "the clone is refused")
        assert "or there are two of it" in clone.value(REFUSED, [2])
        write(one, "here", 20)
        eventually(lambda: other.value(COUNT, ["here"]) == 40, "the site goes on")
        assert other.value(COUNT, ["there"]) == 0
    finally:
        clone.end()
        twin.destroy()


def database_in(cluster: Cluster, name: str) -> Database:
    """A database that is there already."""
    database = object.__new__(Database)
    database.cluster, database.name, database.dsn = cluster, name, cluster.dsn(name)
    return database


@pytest.mark.parametrize("point", one_a_day("proof_renewed", "apply_begun", "apply_committed"))
def test_no_moment_of_a_crash_looks_like_the_past(two: Mesh, point: str) -> None:
    one, other = two
    for _ in range(2):
        one.stop_daemon()
        write(one, point, 3)
        one.start_daemon(wait=False, failpoint=point)
        one.wait_failpoint()
        one.database.cluster.kill9()
        one.database.cluster.start()
        one.start_daemon()
        two.settle()
    assert other.value(COUNT, [point]) == 6
    assert not one.query("select from bondreplicate.replicate_proof where refused is not null")


def test_a_steady_stream_is_marked_once_a_second(two: Mesh) -> None:
    one, other = two
    marks, batches = int(one.value(PROOF).split(":")[0]), other.value(BATCHES)
    for number in range(100):
        write(one, "stream", 1)
        eventually(
            lambda n=number: other.value(COUNT, ["stream"]) > n, "each is a batch", every_s=0.005
        )
    assert other.value(BATCHES) - batches >= 100
    assert int(one.value(PROOF).split(":")[0]) - marks < 50
    eventually(
        lambda: (
            other.value("select proof from bondreplicate.replicate_position where site = 1")
            == one.value(PROOF)
        ),
        "the last batch is marked",
    )


@pytest.mark.parametrize(
    "version", one_a_day(*dict.fromkeys((available_versions()[-1], available_versions()[0])))
)
def test_a_standby_is_refused_as_soon_as_it_is_promoted(version: str) -> None:
    mesh = make_mesh(
        (version,) * 2, "create table note (id serial primary key, body text)", own_clusters=True
    )
    one = mesh[1]
    cluster = one.database.cluster
    standby = Cluster(version)
    try:
        mesh.settle()
        one.stop_daemon()
        # Replayed, these keep the first checkpoint after the promotion busy for a while.
        one.execute("create table big as select i, md5(i::text) from generate_series(1, 60000) i")
        cluster.stop("immediate")
        shutil.rmtree(standby.data)
        subprocess.run(["cp", "-a", str(cluster.data), str(standby.data)], check=True)
        standby.configure({
            "port": str(standby.port),
            "unix_socket_directories": str(standby.dir),
            "checkpoint_timeout": "1h",
        })  # fmt: skip
        (standby.data / "standby.signal").touch()
        server_user().own(standby.data / "standby.signal")
        standby.start()
        standby.execute("select pg_promote()")
        timeline = standby.query(
            "select bondreplicate.timeline_now(), timeline_id from pg_control_checkpoint()",
            db=one.database.name,
        )[0]
        assert timeline == (2, 1)
        dsn = standby.dsn(one.database.name)
        for site in (database_in(standby, one.database.name), mesh[2].database):
            site.execute("update bondreplicate.replicate_hosts set dsn = %s where site = 1", [dsn])
        one.write_conf(dsn=dsn, site=1, maxsites=10)
        one.start_daemon(wait=False)
        assert one.daemon.wait(30) == 5
        assert "its timeline was 1 and is 2" in one.story()
    finally:
        mesh.end()
        standby.destroy()
