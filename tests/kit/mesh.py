"""A mesh of sites, with a proxy on each link where a test wants faults."""

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from tests.kit import checkers
from tests.kit.binaries import mixed_versions
from tests.kit.clusters import Cluster, Database, shared_cluster
from tests.kit.eventually import eventually
from tests.kit.proxy import Proxy
from tests.kit.site import Site, createdb_sql

_numbers = itertools.count(1)


class Mesh:
    """Sites by number, from 1; `proxies[1, 2]` stands between the daemon of 1 and site 2."""

    def __init__(
        self, sites: Sequence[Site], clusters: Sequence[Cluster], proxies: dict[Any, Proxy]
    ) -> None:
        self.sites = list(sites)
        self.proxies = proxies
        self._clusters = clusters

    def __getitem__(self, number: int) -> Site:
        return next(site for site in self.sites if site.number == number)

    def __iter__(self) -> Iterator[Site]:
        return iter(self.sites)

    @property
    def dsns(self) -> list[str]:
        """Of all sites, for the checkers."""
        return [site.dsn for site in self.sites]

    def start(self) -> None:
        """Start the daemons that do not run."""
        waiting = [site for site in self.sites if not site.is_running()]
        for site in waiting:
            site.start_daemon(wait=False)
        for site in waiting:
            site.wait_ready()

    def stop(self) -> None:
        """Stop the daemons as a person does; each must end well."""
        for site in self.sites:
            if site.is_running():
                site.stop_daemon()

    def settle(self, timeout_s: float = 120) -> None:
        """Wait until everything is everywhere."""
        settle(self.sites, timeout_s)

    def assert_whole(self) -> None:
        """Settled: all sites hold the same, foreign keys hold, nothing is kept or echoed."""
        self.settle()
        checkers.assert_same(self.dsns)
        checkers.assert_no_orphans(self.dsns)
        checkers.assert_quiet(self.dsns, rounds=2)
        checkers.assert_log_empty(self.dsns)

    @contextlib.contextmanager
    def unplugged(self, number: int, *, silent: bool = False) -> Iterator[None]:
        """A site without network: connections are cut, or with `silent=True` just hang."""
        links = [proxy for link, proxy in self.proxies.items() if number in link]
        assert links, "made without proxies=True"
        with contextlib.ExitStack() as faults:
            for proxy in links:
                faults.enter_context(proxy.blackhole() if silent else proxy.refusing())
            yield

    def end(self) -> None:
        """Take everything down, and tell what the daemons said: pytest shows it on failure."""
        for site in self.sites:
            site.end()
            print(f"--- {site}\n{site.story()}")
        for proxy in self.proxies.values():
            proxy.close()
        for cluster in self._clusters:
            print(f"--- {cluster}\n{cluster.log_tail()}")
            cluster.destroy()
        for site in self.sites:
            if site.database.cluster.is_running():
                site.database.drop()


def make_mesh(
    versions: Sequence[str] | None = None,
    setup_sql: str = "",
    *,
    own_clusters: bool = False,
    proxies: bool = False,
    start: bool = True,
    maxsites: int = 10,
    settings: dict[str, Any] | None = None,
    cluster_options: dict[str, Any] | None = None,
) -> Mesh:
    """Build a mesh by the book: tables, createdb.sql, replicate_hosts, bondreplicate.conf, daemons.

    Args:
        versions: PostgreSQL of each site; three different ones by default.
        setup_sql: The user's tables and rows, made at every site before replication.
        own_clusters: Servers of the mesh's own, which a test may stop, kill or mistime.
        proxies: Put a `Proxy` on each link.
        start: Start the daemons.
        maxsites: 10 or 100.
        settings: More settings for each bondreplicate.conf.
        cluster_options: For `Cluster`; makes clusters of the mesh's own.
    """
    versions = versions or mixed_versions(3)
    own = own_clusters or cluster_options is not None
    clusters = [
        Cluster(version, **(cluster_options or {})) if own else shared_cluster(version)
        for version in versions
    ]
    sites = []
    for number, cluster in enumerate(clusters, 1):
        if not cluster.is_running():
            cluster.start()
        database = Database(cluster, f"mesh{next(_numbers)}")
        if setup_sql:
            database.execute(setup_sql)
        database.psql(createdb_sql())
        sites.append(Site(number, database, maxsites=maxsites, settings=settings))
    links = {
        (a.number, b.number): Proxy(b.database.cluster)
        for a, b in itertools.permutations(sites, 2)
        if proxies
    }
    mesh = Mesh(sites, clusters if own else (), links)
    introduce(mesh)
    if start:
        mesh.start()
    return mesh


def introduce(mesh: Mesh) -> None:
    """Write replicate_hosts at every site; proxies stand between sites where there are any."""
    for site in mesh:
        for peer in mesh:
            proxy = mesh.proxies.get((site.number, peer.number))
            site.execute(
                "insert into bondreplicate.replicate_hosts (site, name, dsn) values (%s, %s, %s)"
                " on conflict (site) do update set dsn = excluded.dsn",
                [
                    peer.number,
                    f"site{peer.number}",
                    proxy.dsn(peer.database.name) if proxy else peer.dsn,
                ],
            )


def settle(sites: Sequence[Site], timeout_s: float = 120, rounds: int = 5) -> None:
    """Wait until the log is empty at every site, at `rounds` looks in a row.

    Raises:
        AssertionError: Not within `timeout_s`, or a daemon that was started has ended.
    """
    empty_looks = 0

    def is_settled() -> bool:
        nonlocal empty_looks
        for site in sites:
            site.assert_alive()
        held = {site: checkers.log_entries(site.dsn) for site in sites}
        empty_looks = 0 if any(held.values()) else empty_looks + 1
        assert empty_looks, f"log entries: {held}"
        return empty_looks >= rounds

    eventually(is_settled, "the log is empty everywhere", timeout_s, every_s=0.1)
