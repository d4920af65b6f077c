"""What the scenarios are told in: tables replicated, sites parted, links opened in order.

`parted` freezes the daemons, so that nothing at all is under way while each site is written to.
`released` lets them go on, and opens one link after the other: a schedule of arrivals.
"""

import contextlib
import os
import signal
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.kit import Mesh, Site, checkers, eventually

SOAK = os.environ.get("BOND_SOAK") == "1"
"""Full size, as the scenarios say; else the same with smaller numbers."""

Link = tuple[int, int]

STUCK = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and application_name like 'bondreplicate%%' and xact_start is not null"
    " and state <> 'active'"
)
ACTIVE = "select count(*) from bondreplicate.replicate_tables where active and table_name = any(%s)"
PARKED = "select count(*) from bondreplicate.replicate_parked"
FILLING = (
    "select array_agg(table_name::text) from bondreplicate.replicate_tables"
    " where gap_xid is not null"
)
"""Tables that have their triggers, and rows of before still to be logged."""
WHAT_WAITS = "select table_name, key, tries, reason from bondreplicate.replicate_parked limit 5"
UNSENT = (
    "select count(*) from bondreplicate.replicate_log l where l.source = %s"
    " and not pg_visible_in_snapshot(l.xid, coalesce(%s, '1:1:')::pg_snapshot)"
)


def up(mesh: Mesh, setup_sql: str, *tables: str) -> None:
    """Make tables at every site, wait until they are replicated, and settle."""
    for site in mesh:
        site.execute(setup_sql)
    for site in mesh:
        eventually(
            lambda site=site: site.value(ACTIVE, [list(tables)]) == len(tables),
            f"{site} replicates {tables}",
            timeout_s=60,
        )
    settle(mesh, 120)


def two_or_three(two: Sequence[str], three: Sequence[str]) -> list[Any]:
    """Parameters: meshes of these versions. Every day three sites; at full size also two."""
    return [pytest.param(two, id="two", marks=pytest.mark.soak), pytest.param(three, id="three")]


def one_a_day(first: Any, *others: Any) -> list[Any]:
    """Parameters: the first every day, at full size the others too."""
    return [first, *(pytest.param(other, marks=pytest.mark.soak) for other in others)]


def settle(mesh: Mesh, timeout_s: float = 60) -> None:
    """Nothing is kept for another site, and nothing waits to be applied, or to be logged."""
    for site in mesh:
        eventually(lambda site=site: site.value(FILLING) is None, f"{site} has logged all rows")
    mesh.settle(timeout_s)
    for site in mesh:
        eventually(lambda site=site: _has_nothing_parked(site), f"{site} has nothing parked")
    mesh.settle(timeout_s)


def _has_nothing_parked(site: Site) -> bool:
    parked = site.query(WHAT_WAITS)
    assert not parked, parked
    return True


def freeze(mesh: Mesh) -> None:
    """Stop all daemons where none holds a transaction open at any site."""

    def is_frozen() -> bool:
        for site in mesh:
            site.daemon.send_signal(signal.SIGSTOP)
        if not any(site.value(STUCK) for site in mesh):
            return True
        thaw(mesh)
        return False

    eventually(is_frozen, "the daemons stand still outside of transactions")


def thaw(mesh: Mesh) -> None:
    """Let all daemons go on."""
    for site in mesh:
        site.daemon.send_signal(signal.SIGCONT)


@contextlib.contextmanager
def parted(mesh: Mesh, order: Sequence[Link] | None = None) -> Iterator[None]:
    """What is written inside the block is concurrent; then links open one by one, as `order` says.

    Args:
        mesh: Made with proxies where `order` is given.
        order: Links as (origin, target); each delivers all that its origin has before the next
            opens. None: all at once.
    """
    freeze(mesh)
    try:
        yield
        for link in order or ():
            mesh.proxies[link].flows.clear()
        thaw(mesh)
        for link in order or ():
            mesh.proxies[link].flows.set()
            wait_delivered(mesh, link)
    finally:
        thaw(mesh)
        for proxy in mesh.proxies.values():
            proxy.flows.set()


def wait_delivered(mesh: Mesh, link: Link, timeout_s: float = 30) -> None:
    """Wait until a target has all that was made at an origin."""
    origin, target = mesh[link[0]], mesh[link[1]]

    def is_delivered() -> bool:
        found = target.query(
            "select position::text from bondreplicate.replicate_position where site = %s",
            [origin.number],
        )
        return origin.value(UNSENT, [origin.number, found[0][0] if found else None]) == 0

    eventually(is_delivered, f"{target} has all of {origin}", timeout_s)


def assert_whole(mesh: Mesh, rounds: int = 3) -> None:
    """The oracles SAME, FK0 and QUIET."""
    settle(mesh)
    checkers.assert_same(mesh.dsns)
    checkers.assert_no_orphans(mesh.dsns)
    checkers.assert_quiet(mesh.dsns, rounds=rounds, every_s=0.1)
    checkers.assert_log_empty(mesh.dsns)


def rows_of(mesh: Mesh, table: str, order: str = "1") -> list[tuple[Any, ...]]:
    """All rows of a table, which must be the same at every site."""
    found = [site.query(f"select * from {table} order by {order}") for site in mesh]
    assert all(rows == found[0] for rows in found), dict(enumerate(found, 1))
    return found[0]


def conflicts(site: Site, table: str) -> list[dict[str, Any]]:
    """What a site has logged about a table, as every site must tell it."""
    kept = (
        "schema_name", "table_name", "key", "kind", "rule", "columns", "winner_stamp",
        "winner_site", "winner_repair", "winner_row", "loser_stamp", "loser_site", "loser_repair",
        "loser_row", "constraint_name",
    )  # fmt: skip
    found = [c for c in site.conflicts() if c["table_name"] == table]
    told = [{name: c[name] for name in kept} for c in found]
    versions = ("key", "kind", "loser_stamp", "loser_site", "winner_stamp", "winner_site",
        "winner_row")  # fmt: skip
    return sorted(told, key=lambda c: [str(c[name]) for name in versions])
