"""Have the changes that wait been tried again, and what is left of them?

Links try parked changes with each batch, and once a second where there is none; of those that a
server refuses only some in turn, if they are not told to try all. That done, it is enough to see
that two batches came, of which the second began after we looked. Where nothing is left of what
waited for a link, it has done its work: no other batch needs to come.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from typing import Any

from bondreplicate.border.database import Connection, connect, execute, rows
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.redact import redact
from bondreplicate.errors import BondError
from bondreplicate.mesh.refusal import fetch_refusal
from bondreplicate.site.fitness import check_number, check_peer, check_server, fetch_identity
from bondreplicate.site.health import fetch_idle
from bondreplicate.site.hosts import Host, find_own, list_hosts
from bondreplicate.site.listed import ListedTable, choose_tables, list_tables

CONNECT_S, PAUSE_S, BATCHES = 3, 0.1, 2
Link = tuple[int, int]
"""Origin and target."""


@dataclass(frozen=True)
class Waiting:
    """A change that waits at `site`, sent by `source`. tried: since the command was called."""

    site: int
    source: int
    table: str
    key: Sequence[str]
    reason: str
    tries: int
    age_s: float
    tried: bool = True


@dataclass(frozen=True)
class Retried:
    """What `retry --json` prints.

    waited: changes that waited when it began. applied: of those, how many do no more.
    not_tried: links that tried nothing, and why. not_asked: sites that did not answer, and why.
    """

    waited: int
    applied: int
    left: list[Waiting]
    not_tried: dict[str, str] = field(default_factory=dict)
    not_asked: dict[int, str] = field(default_factory=dict)


class Retry:
    """Sites that were asked, and the links of this site between them."""

    def __init__(self, settings: Settings, stack: ExitStack) -> None:
        self.own, self.ahead_max_s = settings.site, settings.clock_ahead_max_s
        self.not_asked: dict[int, str] = {}
        here = stack.enter_context(closing(connect(settings.dsn, role="retry")))
        check_server(here, "this site")
        check_number(here, settings)
        hosts = list_hosts(here)
        self.hosts = {h.site: h for h in hosts if h.enabled}
        self.hosts[self.own] = find_own(hosts, self.own)
        self.sites = {self.own: here}
        for peer in self.hosts.values():
            if peer.site != self.own:
                self._join(peer, stack)

    def _join(self, peer: Host, stack: ExitStack) -> None:
        try:
            there = connect(peer.dsn, role="retry", timeout_s=CONNECT_S)
            stack.enter_context(closing(there))
            if check_peer(there, peer, fetch_identity(self.sites[self.own])):
                self.sites[peer.site] = there
            else:
                self.not_asked[peer.site] = "bondreplicate has not run there yet"
        except BondError as error:
            self.not_asked[peer.site] = redact(error.message).removeprefix(f"{peer}: ")

    def _each(self) -> Iterator[tuple[int, Connection, Mapping[str, int | None]]]:
        """Each site, and of which source its changes that wait are ours to see to; None: any."""
        for site, connection in self.sites.items():
            yield site, connection, {"source": None if site == self.own else self.own}

    def have_all_tried(self) -> None:
        """Let the next batches try all that waits, also what would have to take its turn."""
        for _, connection, of in self._each():
            execute(connection, query("retry_soon"), of)

    def look(self) -> list[tuple[int, Any]]:
        """Every change that waits at this site, or that it has sent and that waits elsewhere."""
        return [
            (site, row)
            for site, connection, of in self._each()
            for row in rows(connection, query("retry_parked"), of)
        ]

    def explain(self, link: Link) -> str:
        """Why a link tries nothing, in words; "" where it should."""
        origin, target = link
        if origin not in self.hosts:
            return f"site {origin} is not enabled in replicate_hosts"
        if origin not in self.sites:
            return f"site {origin} does not answer: {self.not_asked.get(origin, '')}"
        if idle := fetch_idle(self.sites[origin], origin):
            return idle
        refusal = fetch_refusal(
            self.sites[origin], self.sites[target], self.hosts[target], self.ahead_max_s
        )
        return refusal.message if refusal else ""

    def count_batches(self, target: int) -> Mapping[int, int]:
        """Batches of each origin that a target has applied."""
        return {r.site: r.batches for r in rows(self.sites[target], query("retry_batches"))}


def retry_parked(
    settings: Settings,
    names: Sequence[str],
    timeout_s: float,
    clock: Callable[[], float] = time.monotonic,
) -> Retried:
    """Wait until the links of this site have tried again what waits, and tell what is left.

    Args:
        settings: of this site.
        names: of tables; none: every table.
        timeout_s: how long to wait at most.
        clock: monotonic seconds.

    Raises:
        SettingsError: a name that means no table. UnfitSite: this site is a standby.
    """
    deadline = clock() + timeout_s
    with ExitStack() as stack:
        mesh = Retry(settings, stack)
        mesh.have_all_tried()
        waiting = mesh.look()
        wanted = _choose(mesh, waiting, names)
        before = {_id(site, row): row for site, row in waiting if _name(row) in wanted}
        links = {(row.source, site): row.batches for (site, *_), row in before.items()}
        not_tried = {link: why for link in links if (why := mesh.explain(link))}
        while True:
            waits = {_id(site, row) for site, row in mesh.look()} & before.keys()
            at_work = {(source, site) for site, source, *_ in waits} - not_tried.keys()
            late = [
                link
                for link in at_work
                if mesh.count_batches(link[1]).get(link[0], 0) < links[link] + BATCHES
            ]
            if not late or clock() >= deadline:
                break
            time.sleep(PAUSE_S)
        for link in late:
            not_tried[link] = (
                mesh.explain(link) or f"no batch came within {timeout_s:g} s: see the daemon's log"
            )
        after = {_id(site, row): row for site, row in mesh.look() if _name(row) in wanted}
    left = [
        Waiting(site, row.source, _name(row), row.key, row.reason, row.tries, row.age_s,
                tried=(row.source, site) not in not_tried)
        for (site, *_), row in after.items()
    ]  # fmt: skip
    named = {f"{origin}->{target}": why for (origin, target), why in not_tried.items()}
    return Retried(len(before), len(before.keys() - after.keys()), left, named, mesh.not_asked)


def _choose(mesh: Retry, waiting: Sequence[tuple[int, Any]], names: Sequence[str]) -> set[str]:
    """The tables that are meant; also those that are not here, which is why a change waits."""
    listed = list_tables(mesh.sites[mesh.own])
    known = {t.name for t in listed}
    for _, row in waiting:
        if _name(row) not in known:
            known.add(_name(row))
            listed.append(ListedTable(0, row.schema_name, row.table_name, True, False, "", [], []))
    return {t.name for t in choose_tables(listed, names)}


def _id(site: int, row: Any) -> tuple[int, int, str, tuple[str, ...]]:
    return site, row.source, _name(row), tuple(row.key)


def _name(row: Any) -> str:
    return f"{row.schema_name}.{row.table_name}"
