"""Wait until every other site has what is committed here now."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass

from bondreplicate.border.database import Connection, connect, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core import words
from bondreplicate.core.redact import redact
from bondreplicate.errors import BondError, TransientError
from bondreplicate.mesh.progress import fetch_incarnation, fetch_reached, is_behind
from bondreplicate.site.fitness import check_installed, check_number, check_version
from bondreplicate.site.hosts import Host, list_peers

PAUSE_MIN_S = 0.01
PAUSE_MAX_S = 0.2
CONNECT_S = 5


@dataclass(frozen=True)
class Arrival:
    """Whether a peer has everything; where it has not, why."""

    site: int
    name: str
    arrived: bool
    seconds: float
    reason: str = ""


@dataclass(frozen=True)
class Awaited:
    """What is waited for: what the snapshot `before` of site `own` shows, until `deadline`."""

    own: int
    incarnation: str | None
    before: str
    started: float
    deadline: float


def wait_for_peers(
    settings: Settings, timeout_s: float, clock: Callable[[], float] = time.monotonic
) -> list[Arrival]:
    """Wait until each enabled peer has applied everything that is committed here now.

    Args:
        settings: of this site.
        timeout_s: how long at most.
        clock: monotonic seconds.

    Returns:
        One Arrival for each enabled peer.
    """
    started = clock()
    with closing(connect(settings.dsn, role="wait")) as here:
        check_version(here.info.server_version, "this site")
        check_installed(here, "this site")
        check_number(here, settings)
        before = value(here, query("snapshot_now"))
        peers = list_peers(here, settings.site)
        incarnation = fetch_incarnation(here)
    awaited = Awaited(settings.site, incarnation, before, started, started + timeout_s)
    with ThreadPoolExecutor(max(1, len(peers))) as pool:
        return list(pool.map(lambda peer: _wait_for(settings, peer, awaited, clock), peers))


def _wait_for(
    settings: Settings, peer: Host, awaited: Awaited, clock: Callable[[], float]
) -> Arrival:
    """Wait for one peer; reconnect as long as there is time."""
    reason = "timeout"
    pause_s = PAUSE_MIN_S
    while True:
        try:
            left_s = int(awaited.deadline - clock())
            with (
                closing(connect(settings.dsn, role="wait")) as here,
                closing(connect(peer.dsn, role="wait", timeout_s=min(CONNECT_S, left_s))) as there,
            ):
                check_installed(there, str(peer))
                reason = _poll(here, there, awaited, clock)
            if not reason or clock() >= awaited.deadline:
                break
        except BondError as error:
            reason = redact(error.message).removeprefix(f"{peer}: ")
            if not isinstance(error, TransientError):
                break
        if clock() + pause_s >= awaited.deadline:
            break
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 1.0)
    return Arrival(peer.site, peer.name, not reason, clock() - awaited.started, reason)


def _poll(here: Connection, there: Connection, awaited: Awaited, clock: Callable[[], float]) -> str:
    """Look until the peer has everything ("") or time is over (what is missing, in words)."""
    pause_s = PAUSE_MIN_S
    while True:
        missing = _missing(here, there, awaited)
        if not missing or clock() + pause_s >= awaited.deadline:
            return missing
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, PAUSE_MAX_S)


def _missing(here: Connection, there: Connection, awaited: Awaited) -> str:
    """What the peer has not got of what is awaited, in words; "" where it has all."""
    reached = fetch_reached(there, awaited.own, awaited.incarnation)
    if is_behind(here, awaited.own, reached.position, awaited.before):
        age_s = reached.age_s
        ago = (
            "it never applied a batch" if age_s is None else f"its last batch was {age_s:.1f} s ago"
        )
        return f"has not applied everything: {ago}"
    args = {"source": awaited.own, "before": awaited.before}
    parked = rows(there, query("parked_from"), args)[0]
    if parked.parked:
        return f"{words.parked(parked.parked)} there: {parked.reason}"
    return ""
