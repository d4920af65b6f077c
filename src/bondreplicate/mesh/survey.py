"""The state of every link that touches this site, asked at both of its ends."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from bondreplicate.border.database import Connection, connect, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.findings import Finding
from bondreplicate.core.redact import redact
from bondreplicate.errors import BondError, MeshError
from bondreplicate.mesh.alike import compare_tables, list_policies_not_used, pair_tables
from bondreplicate.mesh.progress import (
    Reached,
    Unsent,
    count_unsent,
    fetch_incarnation,
    fetch_reached,
)
from bondreplicate.mesh.refusal import fetch_refusal
from bondreplicate.site.fitness import Identity, check_peer, fetch_identity
from bondreplicate.site.health import fetch_down, fetch_idle
from bondreplicate.site.hosts import Host, find_own, list_hosts
from bondreplicate.site.listed import ListedTable, list_tables

CONNECT_S = 3


@dataclass(frozen=True)
class Link:
    """One direction between two sites. None: not known, which is never the same as 0.

    state: in step; behind (rows wait); no daemon (at the origin: nothing is sent); down
    (replication is down at one of the two); held (the target does not hold what the origin goes on
    from, or one does not list the other); unreachable (the peer does not answer); unfit (it
    answers, and cannot take part); disabled.
    rows_waiting: log entries of the origin that the target has not got.
    lag_s: age of the oldest of them.
    differences: what the other site says otherwise of tables; of links from this site alone.
    applied_age_s: since the target applied a batch, which is long ago where there is no traffic.
    last_lag_s: how old the changes of the last batch with rows were when they were applied.
    parked: changes that the target has, and cannot apply yet.
    policies_not_used: tables of whose policy the two sites do not say alike, or whose hook is not
    there: between the two the later change stays.
    """

    origin: int
    target: int
    state: str
    rows_waiting: int | None = None
    lag_s: float | None = None
    applied_age_s: float | None = None
    last_lag_s: float | None = None
    batches: int | None = None
    rows: int | None = None
    differences: Sequence[Finding] = ()
    parked: int | None = None
    reason: str = ""
    policies_not_used: Sequence[str] = ()

    @property
    def name(self) -> str:
        """Origin->target."""
        return f"{self.origin}->{self.target}"


@dataclass(frozen=True)
class _Here:
    """What a peer is asked with."""

    own: Host
    identity: Identity
    incarnation: str | None
    tables: Sequence[ListedTable]

    @property
    def site(self) -> int:
        """The number of this site."""
        return self.own.site


def survey_links(here: Connection, settings: Settings) -> list[Link]:
    """Both directions between this site and each listed peer; unreachable ones included."""
    every = list_hosts(here)
    hosts = [h for h in every if h.site != settings.site]
    me = _Here(
        find_own(every, settings.site),
        fetch_identity(here),
        fetch_incarnation(here),
        list_tables(here),
    )
    enabled = [h for h in hosts if h.enabled]
    with ThreadPoolExecutor(max(1, len(enabled))) as pool:
        answers = list(pool.map(lambda peer: _ask(peer, me, settings), enabled))
    links = [link for pair in answers for link in pair]
    for host in hosts:
        if not host.enabled:
            links += _both(settings.site, host.site, "disabled", "disabled in replicate_hosts")
    return links


def _ask(peer: Host, me: _Here, settings: Settings) -> list[Link]:
    """Both directions between this site and one peer."""
    try:
        with closing(connect(peer.dsn, role="status", timeout_s=CONNECT_S)) as there:
            links = _ask_both(peer, me, there, settings)
            return _with_differences(links, peer, me, there)
    except BondError as error:
        state = "unreachable" if error.exit_code == 3 else "unfit"
        return _both(me.site, peer.site, state, redact(error.message))


def _ask_both(peer: Host, me: _Here, there: Connection, settings: Settings) -> list[Link]:
    if not check_peer(there, peer, me.identity):
        return _both(me.site, peer.site, "unfit", f"{peer}: bondreplicate has not run there yet")
    with closing(connect(settings.dsn, role="status")) as here:
        sent = fetch_reached(there, me.site, me.incarnation)
        received = fetch_reached(here, peer.site, fetch_incarnation(there))
        down = fetch_down(here, me.site) or fetch_down(there, peer.site)
        ours = describe(me.site, peer.site, sent, look(here, me.site, sent), down)
        theirs = describe(peer.site, me.site, received, look(there, peer.site, received), down)
        ahead_max_s = settings.clock_ahead_max_s
        ours = _with_refusal(ours, fetch_refusal(here, there, peer, ahead_max_s))
        theirs = _with_refusal(theirs, fetch_refusal(there, here, me.own, ahead_max_s))
        return [_with_parked(ours, here, there), _with_parked(theirs, there, here)]


def _with_differences(links: list[Link], peer: Host, me: _Here, there: Connection) -> list[Link]:
    """Both directions, also telling what the other site says otherwise of tables."""
    # Where it is down, no table is captured; one that is held or unfit may have another structure.
    if links[0].state not in ("in step", "behind", "no daemon"):
        return links
    pairs = pair_tables(me.tables, list_tables(there))
    not_used, unlike = list_policies_not_used(pairs), compare_tables(pairs, str(peer))
    ours, theirs = (replace(link, policies_not_used=not_used) for link in links)
    return [replace(ours, differences=unlike), theirs]


def _with_refusal(link: Link, refusal: MeshError | None) -> Link:
    """A link as it is where its origin refuses to send."""
    return replace(link, state="held", reason=refusal.message) if refusal else link


def _with_parked(link: Link, origin: Connection, target: Connection) -> Link:
    """A link that also tells how many of its changes wait at the target."""
    args = {"source": link.origin, "before": value(origin, query("snapshot_now"))}
    found = rows(target, query("parked_from"), args)[0]
    return replace(link, parked=found.parked, reason=link.reason or found.reason or "")


def look(origin: Connection, site: int, reached: Reached) -> tuple[Unsent, str]:
    """At an origin: what it has to send, and why it does not; "" where it does."""
    return count_unsent(origin, site, reached.position), fetch_idle(origin, site)


def _both(own: int, peer: int, state: str, reason: str) -> list[Link]:
    return [Link(own, peer, state, reason=reason), Link(peer, own, state, reason=reason)]


def describe(
    origin: int, target: int, reached: Reached, looked: tuple[Unsent, str], down: str = ""
) -> Link:
    """A link between two sites that both answered; `down`: that replication is down at one."""
    unsent, idle = looked
    state, reason = ("behind" if unsent.entries else "in step"), ""
    if down:
        state, reason = "down", down
    elif idle:
        state, reason = "no daemon", idle
    return Link(
        origin=origin,
        target=target,
        state=state,
        rows_waiting=unsent.entries,
        lag_s=unsent.lag_s,
        applied_age_s=reached.age_s,
        last_lag_s=reached.lag_s,
        batches=reached.batches,
        rows=reached.rows,
        reason=reason,
    )
