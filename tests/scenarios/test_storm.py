"""A storm of conflicts: all that two sites wrote while they were parted clashes, row by row."""

import threading
import time
from collections.abc import Iterator

import psutil
import pytest

from tests.kit import Mesh, Site, make_mesh
from tests.scenarios.steps import SOAK, assert_whole, parted, rows_of, settle, up

pytestmark = pytest.mark.timeout(3600)
SESSIONS = (
    "select pid from pg_stat_activity where datname = current_database()"
    " and application_name like 'bondreplicate apply%'"
)
PARENTS = (
    "create table p (id int primary key);"
    "create table t (id int primary key, p int references p {action});"
    "insert into p select generate_series(1, {n})"
)
CHILDREN = "insert into t select i, i from generate_series(1, {n}) i"
ROWS = (
    "create table t (id int primary key, v int);"
    "insert into t select i, 0 from generate_series(1, {n}) i"
)
STORMS = {
    "rows": (
        ROWS,
        ["update t set v = 1", "update t set v = 2"],
    ),
    "unique": (
        "create table t (id int primary key, mail text unique)",
        [
            "insert into t select i * 10 + {site}, 'm' || i from generate_series(1, {n}) i",
            "insert into t select i * 10 + {site}, 'm' || i from generate_series(1, {n}) i",
        ],
    ),
    "parents": (PARENTS.replace("{action}", ""), ["delete from p", CHILDREN]),
    "cascade": (PARENTS.replace("{action}", "on delete cascade"), ["delete from p", CHILDREN]),
    "set null": (PARENTS.replace("{action}", "on delete set null"), ["delete from p", CHILDREN]),
    "truncate": (ROWS, ["truncate t", "update t set v = 2"]),
}
STAYS = {"rows": 1, "unique": 1, "parents": 1, "cascade": 0, "set null": 1, "truncate": 1}
ALONE = ("rows", "unique", "truncate")
"""Kinds without a table of parents."""
RARE = ("set null", "truncate")
KINDS = [pytest.param(k, marks=pytest.mark.soak) if k in RARE else k for k in STORMS]


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def apply_cpu_s(site: Site) -> float:
    """What the sessions that apply at a site have used of a processor."""
    used = [psutil.Process(pid).cpu_times() for (pid,) in site.query(SESSIONS)]
    return sum(times.user + times.system for times in used)


def storm(mesh: Mesh, kind: str, number: int, timeout_s: float) -> tuple[float, float, int]:
    """Let all rows of two sites clash.

    Returns:
        Seconds until it had settled, of a processor's time, and the daemons' highest MB resident.
    """
    setup, writes = STORMS[kind]
    up(mesh, setup.format(n=number), *(["t"] if kind in ALONE else ["p", "t"]))
    cpu_s = sum(apply_cpu_s(site) for site in mesh)
    with parted(mesh):
        for site, statement in zip(mesh, writes, strict=True):
            site.execute(statement.format(n=number, site=site.number))
    began_s, ended, peak = time.monotonic(), threading.Event(), 0

    def watch() -> None:
        nonlocal peak
        while not ended.wait(0.2):
            sizes = [psutil.Process(s.daemon.pid).memory_info().rss for s in mesh]
            peak = max(peak, *(size >> 20 for size in sizes))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        settle(mesh, timeout_s)
    finally:
        ended.set()
        watching.join()
    return (
        time.monotonic() - began_s,
        sum(apply_cpu_s(site) for site in mesh) - cpu_s,
        peak,
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_row_clashes(mesh: Mesh, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    number = (100_000 if kind == "rows" else 10_000) if SOAK else 300
    took_s, cpu_s, peak = storm(mesh, kind, number, 3000 if SOAK else 60)
    with capsys.disabled():
        print(f"{kind}: {number} in {took_s:.0f} s, {cpu_s:.0f} s of CPU, {peak} MB", flush=True)
    assert_whole(mesh)
    assert len(rows_of(mesh, "t")) == number * STAYS[kind]
    for site in mesh:
        assert site.value("select count(*) from bondreplicate.replicate_error") == number, site
    assert peak < 150


@pytest.mark.soak
@pytest.mark.parametrize("kind", STORMS)
def test_cost_grows_with_the_number_of_rows(mesh: Mesh, kind: str) -> None:
    """Each row looked through all others once: four times the rows took sixteen times as long."""
    few_s = storm(mesh, kind, 1000, 300)[1]
    for site in mesh:
        site.execute("drop table t" if kind in ALONE else "drop table t, p")
    many_s = storm(mesh, kind, 8000, 900)[1]
    assert many_s < 8 * 2 * few_s, (few_s, many_s)
