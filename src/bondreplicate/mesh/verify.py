"""Every replicated table compared with every enabled peer, knowing what is on its way."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from typing import Any

from bondreplicate.border.database import Connection, connect, rows
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.compare import Difference
from bondreplicate.core.following import DOWN
from bondreplicate.core.redact import redact
from bondreplicate.core.shapes import Shape
from bondreplicate.errors import BondError, MeshError
from bondreplicate.mesh.compare import PAUSE_S, Comparison, Side
from bondreplicate.mesh.delay import End, explain_delay
from bondreplicate.site.fitness import (
    check_installed,
    check_number,
    check_peer,
    check_version,
    fetch_identity,
    fetch_server,
)
from bondreplicate.site.hosts import Host, list_hosts, list_peers
from bondreplicate.site.lineage import add_lineages, decide_related, fetch_lineages
from bondreplicate.site.listed import ListedTable, choose_tables, list_tables
from bondreplicate.site.tables import fetch_followed

CONNECT_S = 5


@dataclass(frozen=True)
class TableVerdict:
    """A table compared with a peer.

    problem: why it could not be compared, though it should be; counts as a difference.
    skipped: why it was not compared, as somebody wanted it.
    in_flight: keys that still differ after the time that changes had to arrive.
    in_flight_why: what is known of why, a line for each direction.
    parked_here, parked_there: changes of the table that wait there, and parked_why: why.
    columns_here_only, columns_there_only: not compared.
    """

    table: str
    peer: int
    rows_here: int | None = None
    rows_there: int | None = None
    differences: list[Difference] = field(default_factory=list)
    in_flight: int = 0
    in_flight_why: Sequence[str] = ()
    parked_here: int = 0
    parked_there: int = 0
    parked_why: str = ""
    more: bool = False
    columns_here_only: list[str] = field(default_factory=list)
    columns_there_only: list[str] = field(default_factory=list)
    problem: str = ""
    skipped: str = ""

    @property
    def compared(self) -> bool:
        """Whether its rows were looked at."""
        return self.rows_here is not None

    @property
    def same(self) -> bool:
        """Whether every row was seen to be the same, whole: what is on its way was not."""
        return not (
            self.differences or self.in_flight or self.more or self.problem or self.parked
            or self.columns_here_only or self.columns_there_only
        )  # fmt: skip

    @property
    def parked(self) -> int:
        """Changes that wait at either site."""
        return self.parked_here + self.parked_there


@dataclass(frozen=True)
class Verdict:
    """What `verify --json` prints.

    same: every row was seen to be the same; where nothing was compared, nothing was seen.
    nothing_compared: why not one table was compared with a peer; "" where one was.
    peers_not_asked: those that could not be asked, and why.
    """

    same: bool
    site: int
    nothing_compared: str
    peers_not_asked: dict[int, str]
    tables: list[TableVerdict]


@dataclass(frozen=True)
class Parked:
    """Changes of a table that wait at two sites. applied: none does any more, and some did."""

    here: int = 0
    there: int = 0
    why: str = ""
    applied: bool = False


@dataclass(frozen=True)
class Catalog:
    """The tables of a site."""

    connection: Connection
    site: int
    tables: dict[str, ListedTable]
    shapes: dict[str, Shape]

    def side(self, name: str) -> Side:
        """A table, ready to be compared."""
        return Side(self.connection, self.site, self.tables[name].id, self.shapes[name])


def fetch_catalog(connection: Connection, site: int) -> Catalog:
    """The tables of a site, as they are now."""
    tables = {t.name: t for t in list_tables(connection)}
    shapes = {".".join(s.name): s for s in fetch_followed(connection)}
    return Catalog(connection, site, tables, shapes)


def verify(settings: Settings, names: Sequence[str], settle_s: float) -> Verdict:
    """Compare tables with every enabled peer.

    Args:
        settings: of this site.
        names: of tables; none: every table.
        settle_s: how long changes that are on their way may take to arrive, for each table.

    Raises:
        SettingsError: a name that means no table, or several.
    """
    with (
        closing(connect(settings.dsn, role="verify")) as connection,
        ThreadPoolExecutor(2) as pool,
    ):
        check_version(connection.info.server_version, "this site")
        check_installed(connection, "this site")
        check_number(connection, settings)
        here = fetch_catalog(connection, settings.site)
        wanted = {t.name for t in choose_tables(list(here.tables.values()), names)}
        tables: list[TableVerdict] = []
        not_asked: dict[int, str] = {}
        peers = list_peers(connection, settings.site)
        for peer in peers:
            try:
                found = _verify_peer(here, peer, (wanted, bool(names)), settle_s, pool)
                tables += found
                if not names and all(t.same for t in found) and any(t.compared for t in found):
                    _remember(connection, peer)
            except BondError as error:
                not_asked[peer.site] = redact(error.message).removeprefix(f"{peer}: ")
    nothing = decide_nothing_compared(len(peers), len(not_asked), tables)
    same = not nothing and not not_asked and all(t.same for t in tables)
    return Verdict(same, settings.site, nothing, not_asked, tables)


def _remember(here: Connection, peer: Host) -> None:
    """Write down that a site has the same rows: `doctor` need not warn that it is no copy."""
    with suppress(BondError), closing(connect(peer.dsn, role="verify", timeout_s=CONNECT_S)) as at:
        there = fetch_lineages(at)
        if not decide_related(fetch_lineages(here), there) and not fetch_server(here).standby:
            add_lineages(here, there)


def _verify_peer(
    here: Catalog,
    peer: Host,
    wanted: tuple[set[str], bool],
    settle_s: float,
    pool: ThreadPoolExecutor,
) -> list[TableVerdict]:
    names, by_name = wanted
    found: list[TableVerdict] = []
    with closing(connect(peer.dsn, role="verify", timeout_s=CONNECT_S)) as connection:
        check_peer(connection, peer, fetch_identity(here.connection))
        if not any(host.site == here.site for host in list_hosts(connection)):
            raise MeshError(f"{peer} does not list site {here.site} (any more)")
        there = fetch_catalog(connection, peer.site)
        if not by_name:
            names = names | there.tables.keys()
        for name in sorted(names):
            verdict = _verify_table(here, there, name, settle_s, pool)
            if by_name and verdict.skipped:  # whoever names a table wants it compared
                verdict = replace(verdict, problem=verdict.skipped, skipped="")
            found.append(verdict)
    return found


def _verify_table(
    here: Catalog, there: Catalog, name: str, settle_s: float, pool: ThreadPoolExecutor
) -> TableVerdict:
    if verdict := decide_comparable(name, here, there):
        return verdict
    a, b = here.side(name), there.side(name)
    left = [c.name for c in a.shape.travelling]
    right = [c.name for c in b.shape.travelling]
    columns = [c for c in left if c in right]
    deadline_s = time.monotonic() + settle_s
    try:
        found = Comparison(a, b, columns, pool).run(settle_s)
        parked = _await_parked(a, b, deadline_s)
        if parked.applied:
            found = Comparison(a, b, columns, pool).run(settle_s)
        why = explain_delay(End(a.connection, a.site), End(b.connection, b.site), found.unsettled)
    except BondError as error:
        if a.connection.closed or b.connection.closed:
            raise
        return TableVerdict(name, there.site, problem=redact(error.message))
    return TableVerdict(
        name,
        there.site,
        found.rows_here,
        found.rows_there,
        found.differences,
        found.unsettled.keys,
        why,
        parked.here,
        parked.there,
        redact(parked.why),
        found.more,
        [c for c in left if c not in right],
        [c for c in right if c not in left],
    )


def _await_parked(a: Side, b: Side, deadline_s: float) -> Parked:
    """Give changes of a table that are parked at one of two sites the time to be applied."""
    waited = False
    while True:
        here, there = _fetch_parked(a), _fetch_parked(b)
        if not here.parked + there.parked:
            return Parked(applied=waited)
        if time.monotonic() >= deadline_s:
            return Parked(here.parked, there.parked, here.reason or there.reason or "")
        waited = True
        time.sleep(PAUSE_S)


def _fetch_parked(side: Side) -> Any:
    schema, table = side.shape.name
    return rows(side.connection, query("parked_of_table"), {"schema": schema, "table": table})[0]


def decide_nothing_compared(peers: int, not_asked: int, tables: Sequence[TableVerdict]) -> str:
    """Why not one table was compared with a peer; "" where one was.

    Args:
        peers: how many other sites are enabled.
        not_asked: how many of them could not be asked.
        tables: what became of each table with each of the others.
    """
    if any(table.compared for table in tables):
        return ""
    if not peers:
        return "no other site is enabled"
    if not_asked == peers:
        return "no other site could be asked"
    if any(table.problem for table in tables):
        return "no table could be compared"
    return "no table is replicated"


def decide_comparable(name: str, here: Catalog, there: Catalog) -> TableVerdict | None:
    """Why a table is not compared; None where it can be."""
    a, b = here.tables.get(name), there.tables.get(name)
    if (a and not a.enabled) or (b and not b.enabled):
        where = here.site if a and not a.enabled else there.site
        return TableVerdict(name, there.site, skipped=f"disabled at site {where}")
    if not (a and a.active) and not (b and b.active):
        reason = (a and a.reason) or (b and b.reason) or "not replicated"
        if reason == DOWN:
            problem = f"{DOWN} at sites {here.site} and {there.site}"
            return TableVerdict(name, there.site, problem=problem)
        return TableVerdict(name, there.site, skipped=reason)
    for side, listed in ((here, a), (there, b)):
        if listed is None or name not in side.shapes:
            return TableVerdict(name, there.site, problem=f"does not exist at site {side.site}")
        if not listed.active:
            why = f"not replicated at site {side.site}: {listed.reason}"
            return TableVerdict(name, there.site, problem=why)
    left, right = here.shapes[name].key, there.shapes[name].key
    if set(left) != set(right):
        why = f"its key is {list(left)} at site {here.site}, {list(right)} at site {there.site}"
        return TableVerdict(name, there.site, problem=why)
    return None
