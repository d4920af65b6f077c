"""Wrong clocks: frozen alike, an hour off, and set back; the logical clock keeps causes first."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from tests.kit import Mesh, eventually, faketime_library, make_mesh, mixed_versions, pause
from tests.scenarios.steps import (
    SOAK,
    assert_whole,
    conflicts,
    freeze,
    one_a_day,
    parted,
    rows_of,
    settle,
    thaw,
    up,
)

pytestmark = [
    pytest.mark.timeout(300),
    pytest.mark.skipif(faketime_library() is None, reason="libfaketime is not installed"),
]

STAMPS = (
    "select key[1], stamp, xid::text from bondreplicate.replicate_log"
    " where source = %s and site = %s and key is not null order by xid, stamp"
)


AHEAD = "select extract(epoch from bondreplicate.replicate_now() - clock_timestamp())::float8"


@pytest.fixture(scope="module")
def still_mesh() -> Iterator[Mesh]:
    """One whose clocks were not set an hour off by another test."""
    mesh = make_mesh(mixed_versions(3), cluster_options={"clock_offset": "+0"}, proxies=True)
    yield mesh
    mesh.end()


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(mixed_versions(3), cluster_options={"clock_offset": "+0"}, proxies=True)
    yield mesh
    mesh.end()


@pytest.fixture(autouse=True)
def right_clocks(mesh: Mesh) -> Iterator[None]:
    yield
    set_clocks(mesh, "+0")


def set_clocks(mesh: Mesh, offset: str, *sites: int) -> None:
    for site in mesh:
        clock = site.database.cluster.clock
        assert clock is not None
        if not sites or site.number in sites:
            clock.set(offset)


def reaches(mesh: Mesh, table: str, key: int, n: int) -> None:
    """Wait until a row is the same everywhere."""
    for site in mesh:
        query = f"select n from {table} where id = {key}"
        eventually(lambda site=site, q=query: site.query(q) == [(n,)], f"{site} has n = {n}")


@pytest.mark.parametrize("writers", one_a_day((2, 3, 1), (1, 2, 3), (3, 1, 2)), ids=str)
def test_s82_equal_stamps(still_mesh: Mesh, writers: tuple[int, ...]) -> None:
    mesh, table = still_mesh, "tie" + "".join(map(str, writers))
    up(mesh, f"create table {table} (id int primary key, n int)", table)
    mesh[1].execute(f"insert into {table} select i, 0 from generate_series(1, 4) i")
    reaches(mesh, table, 4, 0)
    settle(mesh)
    order = [(o, t) for o in writers for t in writers if o != t]
    with parted(mesh, order):
        # Ahead of all logical clocks, which go on at half speed where they are ahead of the wall's.
        ahead_s = max(site.value(AHEAD) for site in mesh)
        still = datetime.now(UTC) + timedelta(seconds=2 * ahead_s + 5)
        set_clocks(mesh, f"{still:%Y-%m-%d %H:%M:%S}")
        for site in writers:
            mesh[site].execute(f"update {table} set n = {site} where id = 1")
        # Two of three tie, and one of them deletes.
        mesh[writers[0]].execute(f"update {table} set n = 7 where id = 2")
        mesh[writers[1]].execute(f"delete from {table} where id = 2")
        stamps = {
            stamp
            for site in mesh
            for key, stamp, _ in site.query(STAMPS, [site.number, site.number])
            if key in "12"
        }
        set_clocks(mesh, "+0")
    assert len(stamps) == 1, f"the sites did not tie: {stamps}"
    assert_whole(mesh)
    left = {1: (1, 3)} | ({2: (2, 7)} if writers[0] > writers[1] else {})
    assert rows_of(mesh, table) == [*left.values(), (3, 0), (4, 0)]
    for site in mesh:
        told = conflicts(site, table)
        assert {c["loser_site"] for c in told if c["key"] == ["1"]} == {1, 2}
        assert all(c["winner_site"] > c["loser_site"] for c in told), told


def test_s83_what_saw_the_other_wins(new_mesh: Callable[..., Mesh]) -> None:
    # What was stamped at +1h comes to a clock at -1h: two hours ahead of it.
    mesh = new_mesh(
        ["18", "15", "16"],
        cluster_options={"clock_offset": "+0"},
        settings={"clock_ahead_max_s": 3 * 3600.0},
    )
    up(
        mesh,
        "create table skew (id int primary key, n int);"
        "insert into skew values (1, 0), (2, 0), (3, 0), (4, 0)",
        "skew",
    )
    orders = [("+1h", 1, 2, 1), ("-1h", 3, 1, 4), ("+1h", 1, 3, 2), ("-1h", 2, 1, 3)]
    for offset, first, second, key in orders if SOAK else orders[:2]:
        set_clocks(mesh, offset, 1)
        mesh[first].execute(f"update skew set n = 1 where id = {key}")
        reaches(mesh, "skew", key, 1)
        mesh[second].execute(f"update skew set n = 2 where id = {key}")
        reaches(mesh, "skew", key, 2)
        assert_whole(mesh, rounds=1)
        set_clocks(mesh, "+0")
    rest = 2 if SOAK else 0
    assert rows_of(mesh, "skew") == [(1, 2), (2, rest), (3, rest), (4, 2)]
    assert not any(conflicts(site, "skew") for site in mesh), "no write was concurrent"


def test_s83_without_contact_the_fast_site_wins(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(["16", "18"], cluster_options={"clock_offset": "+0"})
    up(
        mesh,
        "create table fast (id int primary key, n int); insert into fast values (1, 0), (2, 0)",
        "fast",
    )
    set_clocks(mesh, "+50m", 1)
    with parted(mesh):
        mesh[1].execute("update fast set n = 1 where id = 1")
        mesh[2].execute("update fast set n = 2 where id = 1")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "fast") == [(1, 1), (2, 0)]
    told = mesh[2].cli("doctor", check=None)
    assert "clock" in told.stdout, told.stdout


def cl(mesh: Mesh, table: str) -> None:
    up(
        mesh,
        f"create table {table} (id int primary key, n int);"
        f"insert into {table} select i, 0 from generate_series(1, 9) i",
        table,
    )


def assert_stamps_rise(mesh: Mesh, before: datetime | None = None) -> None:
    """Nothing that is still to be sent from site 1 has a stamp below an earlier one."""
    stamps = [stamp for _, stamp, _ in mesh[1].query(STAMPS, [1, 1])]
    assert stamps == sorted(stamps), stamps
    if before and stamps:
        assert stamps[0] > before, (stamps, before)


@pytest.mark.parametrize("step", one_a_day("-10m", "-1s"), ids=["ten_minutes", "leap_second"])
def test_s85_while_all_runs(mesh: Mesh, step: str) -> None:
    table = "cl_" + step.strip("-")
    cl(mesh, table)
    mesh[1].execute(f"update {table} set n = 1")
    reaches(mesh, table, 9, 1)
    pause(0.3)
    mesh[1].execute(f"update {table} set n = 11 where id = 9")
    reaches(mesh, table, 9, 11)
    set_clocks(mesh, step, 1)
    mesh[1].execute(f"update {table} set n = 2 where id < 9")
    mesh[1].execute("alter system set timezone = 'America/New_York'")
    mesh[1].execute("select pg_reload_conf()")
    mesh[1].execute(f"update {table} set n = 3 where id = 1; delete from {table} where id = 2")
    reaches(mesh, table, 1, 3)
    reaches(mesh, table, 3, 2)
    mesh[1].execute("alter system reset timezone")
    mesh[1].execute("select pg_reload_conf()")
    # What was made after seeing it is later, at a site with a clock that is right.
    mesh[2].execute(f"update {table} set n = 4 where id = 4")
    reaches(mesh, table, 4, 4)
    mesh[1].execute(f"update {table} set n = 5 where id = 5")
    reaches(mesh, table, 5, 5)
    assert_whole(mesh)
    expected = [(1, 3), (3, 2), (4, 4), (5, 5), (6, 2), (7, 2), (8, 2), (9, 11)]
    assert rows_of(mesh, table) == expected
    assert not any(conflicts(site, table) for site in mesh), "no write was concurrent"


@pytest.mark.parametrize("end", one_a_day("crash", "daemon", "postgres"))
def test_s85_over_restarts(mesh: Mesh, end: str) -> None:
    table = f"cl_{end}"
    site, cluster = mesh[1], mesh[1].database.cluster
    cl(mesh, table)
    site.execute(f"update {table} set n = 1")
    reaches(mesh, table, 9, 1)
    before = site.value("select bondreplicate.replicate_now()")
    # Some of the memory must outlive the restart: the others cannot forget.
    freeze(mesh)
    site.execute(f"update {table} set n = 10 where id = 1")
    thaw(mesh)
    reaches(mesh, table, 1, 10)
    pause(0.3)
    if end == "daemon":
        site.stop_daemon()
        set_clocks(mesh, "-10m", 1)
    else:
        cluster.kill9() if end == "crash" else cluster.stop()
        set_clocks(mesh, "-10m", 1)
        cluster.start()
    site.execute(f"update {table} set n = 2")
    site.execute(f"update {table} set n = 3 where id = 1")
    if end == "daemon":
        site.start_daemon()
    reaches(mesh, table, 9, 2)
    reaches(mesh, table, 1, 3)
    site.execute(f"update {table} set n = 4 where id = 2")
    assert site.value("select bondreplicate.replicate_now()") > before
    reaches(mesh, table, 2, 4)
    assert_whole(mesh)
    assert rows_of(mesh, table) == [(1, 3), (2, 4), *((i, 2) for i in range(3, 10))]
    assert not any(conflicts(other, table) for other in mesh), "no write was concurrent"


def test_s85_stamped_anew_before_it_is_judged(mesh: Mesh) -> None:
    """A write of after the step must not lose, by its stamp, to an older one that arrives later."""
    cl(mesh, "judged")
    mesh[1].execute("update judged set n = 1")
    reaches(mesh, "judged", 9, 1)
    pause(0.3)
    with parted(mesh, [(2, 1), (1, 2), (1, 3), (2, 3), (3, 1), (3, 2)]):
        mesh[2].execute("update judged set n = 2 where id = 1")
        set_clocks(mesh, "-10m", 1)
        mesh[1].execute("update judged set n = 3 where id = 1")
        mesh[1].execute("update judged set n = 4 where id = 1")
    assert_whole(mesh)
    told = {(c["loser_site"], str(c["loser_row"])) for c in conflicts(mesh[1], "judged")}
    kept = rows_of(mesh, "judged")[0]
    assert kept in ((1, 4), (1, 2))
    assert told == ({(2, "['1', '2']")} if kept == (1, 4) else {(1, "['1', '4']")})
    assert_stamps_rise(mesh)


def test_s85_between_two_looks_of_the_housekeeping(new_mesh: Callable[..., Mesh]) -> None:
    """How far the clock had got is noted with what is sent: the step leads back to before that."""
    mesh = new_mesh(
        mixed_versions(2),
        "create table sent (id int primary key, n int); insert into sent values (1, 0)",
        cluster_options={"clock_offset": "+0"},
        settings={"tables_every_s": 600.0},
    )
    for n, offset in enumerate(("+20m", "+10m"), 1):
        set_clocks(mesh, offset, 1)
        mesh[1].execute("update sent set n = %s", [n])
        reaches(mesh, "sent", 1, n)


def test_s50_status_tells_of_an_old_prepared_transaction(mesh: Mesh) -> None:
    """Six minutes pass for the server in no time."""
    up(mesh, "create table tpo (id int primary key)", "tpo")
    with mesh[1].database.connect() as connection:
        connection.execute("begin; insert into tpo values (1); prepare transaction 'forgotten'")
    assert "forgotten" not in mesh[1].cli("status", check=None).stdout
    set_clocks(mesh, "+6m", 1)
    told = mesh[1].cli_json("status", check=None)
    mesh[1].execute("rollback prepared 'forgotten'")
    assert any("forgotten" in warning for warning in told["warnings"]), told["warnings"]
    set_clocks(mesh, "+0")
    assert_whole(mesh)
