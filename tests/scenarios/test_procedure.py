"""The procedure of the original Bond Replicate, to the letter, while clients write."""

import shlex
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.kit import Cluster, Database, Site, checkers, createdb_sql, mixed_versions, settle
from tests.kit.workloads import Pgbench, pgbench_tables

pytestmark = pytest.mark.timeout(300)

SECONDS = [6, pytest.param(60, marks=pytest.mark.soak)]


@pytest.fixture
def clusters() -> Iterator[list[Cluster]]:
    """Three servers, as different as this machine allows, with nothing in them."""
    made = [Cluster(version) for version in mixed_versions(3)]
    for cluster in made:
        cluster.start()
    yield made
    for cluster in made:
        cluster.destroy()


def psql(site: Site) -> str:
    """How a person calls psql for a site, stopping at the first error."""
    return shlex.join(
        [
            site.database.cluster.postgres.program("psql"),
            *("-X", "-q", "-o", "/dev/null", "-v", "ON_ERROR_STOP=1", "-d", site.dsn),
        ]
    )


def shell(command: str) -> None:
    """A line typed at the prompt; nothing may be said on standard error."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""


def copy(source: Site, target: Site) -> None:
    """`pg_dump shop | psql -h other shop`; the source is the older server."""
    dump = shlex.join([source.database.cluster.postgres.program("pg_dump"), source.dsn])
    # What an older pg_dump says to a newer server is understood; `transaction_timeout`, which a
    # newer one says to an older server, is not, and is the only reason for this line.
    shell(f"{dump} | grep -v '^SET transaction_timeout' | {psql(target)}")


def bank(clusters: list[Cluster]) -> list[Site]:
    """Databases and configuration files; only the first database has anything in it."""
    sites = [Site(number, Database(cluster, "shop")) for number, cluster in enumerate(clusters, 1)]
    first = sites[0]
    pgbench_tables(first.database)
    (first.dir / "createdb.sql").write_text(createdb_sql())
    shell(f"cd {first.dir} && {psql(first)} -f createdb.sql")
    for site in sites:
        first.psql(
            "insert into bondreplicate.replicate_hosts (site, name, dsn)"
            f" values ({site.number}, 'site{site.number}', '{site.dsn}')"
        )
    return sites


def assert_in_step(sites: list[Site]) -> None:
    """All that can be said without changing anything, with every tool there is."""
    for site in sites:
        site.cli("wait", "--timeout", "100")
    settle(sites)
    dsns = [site.dsn for site in sites]
    same = checkers.assert_same(dsns)
    checkers.assert_no_orphans(dsns)
    checkers.assert_quiet(dsns)
    checkers.assert_log_empty(dsns)
    assert same["public.pgbench_accounts"].rows == 100_000
    if checkers.yardstick("dbhash.sh"):
        told = [
            checkers.run_yardstick("dbhash.sh", s.database.cluster, s.database.name) for s in sites
        ]
        assert told[0].count("\n") == len(same)
        assert told[1:] == told[:1] * 2
        for site in sites:
            cluster = site.database.cluster
            assert checkers.run_yardstick("fkcheck.sh", cluster, site.database.name) == ""
    for site in sites:
        site.cli("verify")


@pytest.mark.parametrize("seconds", SECONDS)
def test_procedure_to_the_letter_while_clients_write(clusters: list[Cluster], seconds: int) -> None:
    sites = bank(clusters)
    first, second, third = sites
    try:
        first.start_daemon()
        with Pgbench(first.database, seconds + 60, clients=2, rate=150) as early:
            copy(first, second)
            copy(first, third)
            assert early.is_running(), "the copy took longer than the clients wrote"
            second.start_daemon()
            third.start_daemon()
            done = [early.end()]
        with ExitStack() as stack:
            runs = [
                stack.enter_context(Pgbench(s.database, seconds, clients=2, seed=s.number))
                for s in sites
            ]
            done += [run.wait() for run in runs]
        assert all(report.transactions for report in done)
        assert_in_step(sites)
        assert_history_is_whole(sites, sum(report.transactions for report in done))
        assert_a_change_behind_its_back_is_named(second, sites)
        for site in sites:
            site.stop_daemon()
            assert site.out.read_text().splitlines() == ["main loop"]
    finally:
        for site in sites:
            site.end()
            print(f"--- {site}\n{site.story()}")


def assert_history_is_whole(sites: list[Site], transactions: int) -> None:
    """NOLOSS and ONCE: each transaction is one row of the history, at every site."""
    for site in sites:
        assert site.value("select count(*) from pgbench_history") == transactions


def assert_a_change_behind_its_back_is_named(culprit: Site, sites: list[Site]) -> None:
    """`verify` says which row, and at every site that can see the difference."""
    culprit.psql(
        "set session_replication_role = replica;"
        "update pgbench_accounts set abalance = abalance + 1 where aid = 4711"
    )
    for site in sites:
        found = site.cli_json("verify", check=1)
        named = {
            (table["table"], tuple(d["key"]), d["kind"], table["peer"])
            for table in found["tables"]
            for d in table["differences"]
        }
        peers = [s.number for s in sites if s is not site] if site is culprit else [culprit.number]
        assert named == {("public.pgbench_accounts", ("4711",), "different", p) for p in peers}
    assert "4711" in sites[0].cli("verify", "pgbench_accounts", check=1).stdout
