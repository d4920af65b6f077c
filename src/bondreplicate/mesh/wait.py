"""Wait until every other site has what is committed here now."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from bondreplicate.border.database import Connection, connect, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core import words
from bondreplicate.core.redact import redact
from bondreplicate.errors import BondError, MeshError, TransientError, UnfitSite
from bondreplicate.mesh.progress import fetch_incarnation, fetch_reached, is_behind
from bondreplicate.mesh.refusal import fetch_refusal
from bondreplicate.site.fitness import check_number, check_peer, check_server, fetch_identity
from bondreplicate.site.health import fetch_down, fetch_idle
from bondreplicate.site.hosts import Host, list_peers
from bondreplicate.site.state import State, decide_start, fetch_state
from bondreplicate.site.uncaptured import Uncaptured, list_uncaptured

PAUSE_MIN_S = 0.01
PAUSE_MAX_S = 0.2
CONNECT_S = 5
ATTACH_S = 5.0
"""How long the daemon has to attach a table that was made just now."""
IDLE_S = 1.0
"""How long nothing is sent before that counts: a daemon may be starting again."""


@dataclass(frozen=True)
class Arrival:
    """Whether a peer has everything; where it has not, why.

    state: in the words of `status`: in step, behind, no daemon, down, held, unreachable, unfit; and
    parked.
    hint: what to do, where waiting does not help.
    """

    site: int
    name: str
    arrived: bool
    seconds: float
    reason: str = ""
    hint: str = ""
    state: str = "in step"


@dataclass(frozen=True)
class Missing:
    """That a peer has not got everything, and why: as in Arrival. final: waiting does not help."""

    state: str
    reason: str
    hint: str = ""
    final: bool = False


@dataclass(frozen=True)
class Awaited:
    """What is waited for: what the snapshot `before` of site `own` shows, until `deadline`.

    uncaptured: a table of this site whose changes nobody can vouch for.
    ahead_max_s: how far ahead of their clocks peers take stamps.
    """

    own: int
    incarnation: str | None
    before: str
    started: float
    deadline: float
    uncaptured: Uncaptured | None
    ahead_max_s: float


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

    Raises:
        UnfitSite: this site is a standby, down or not set up. MeshError: it is another site.
    """
    started = clock()
    with closing(connect(settings.dsn, role="wait")) as here:
        check_server(here, "this site")
        check_number(here, settings)
        _check_origin(fetch_state(here), settings)
        # Before the snapshot: what a table had when it was attached is logged only then.
        uncaptured = _await_capture(here, min(ATTACH_S, timeout_s), clock)
        before = value(here, query("snapshot_now"))
        peers = list_peers(here, settings.site)
        incarnation = fetch_incarnation(here)
    deadline = started + timeout_s
    awaited = Awaited(
        settings.site, incarnation, before, started, deadline, uncaptured,
        settings.clock_ahead_max_s,
    )  # fmt: skip
    with ThreadPoolExecutor(max(1, len(peers))) as pool:
        return list(pool.map(lambda peer: _wait_for(settings, peer, awaited, clock), peers))


def _check_origin(state: State, settings: Settings) -> None:
    """Check that what is written at this site gets into its log.

    Raises:
        UnfitSite: replication is down. MeshError: this is a copy, or went back in time.
    """
    if state.went_down_at is not None:
        raise UnfitSite(
            f"this site: replication is down since {state.went_down_at:%Y-%m-%d %H:%M:%S}:"
            " nothing is captured or sent",
            hint="run bondreplicate here to take it up again",
        )
    if state.system_identifier is not None:
        decide_start(state, settings.site)


def _await_capture(
    here: Connection, limit_s: float, clock: Callable[[], float]
) -> Uncaptured | None:
    """Wait until every table is captured; the first that is not, where that takes too long."""
    deadline = clock() + limit_s
    while True:
        found = list_uncaptured(here)
        if not found or clock() >= deadline:
            return found[0] if found else None
        time.sleep(PAUSE_MAX_S)


def _wait_for(
    settings: Settings, peer: Host, awaited: Awaited, clock: Callable[[], float]
) -> Arrival:
    """Wait for one peer; reconnect as long as there is time."""
    missing: Missing | None = Missing("behind", "timeout")
    pause_s = PAUSE_MIN_S
    while True:
        try:
            left_s = max(1, int(awaited.deadline - clock()))  # 0 is for ever
            with (
                closing(connect(settings.dsn, role="wait")) as here,
                closing(connect(peer.dsn, role="wait", timeout_s=min(CONNECT_S, left_s))) as there,
            ):
                if not check_peer(there, peer, fetch_identity(here)):
                    raise TransientError("bondreplicate has not run there yet")
                missing = _poll((here, there, peer), awaited, clock)
            if not missing or missing.final or clock() >= awaited.deadline:
                break
        except BondError as error:
            missing = _obstacle(error, peer)
            if missing.final:
                break
        if clock() + pause_s >= awaited.deadline:
            break
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, 1.0)
    if not missing and (table := awaited.uncaptured):
        missing = Missing("behind", f"at site {awaited.own}, table {table.message}", table.hint)
    seconds = clock() - awaited.started
    if not missing:
        return Arrival(peer.site, peer.name, True, seconds)
    return Arrival(
        peer.site, peer.name, False, seconds, missing.reason, missing.hint, missing.state
    )


def _obstacle(error: BondError, peer: Host) -> Missing:
    """An error while a peer was asked; one that may pass is waited out."""
    reason = redact(error.message).removeprefix(str(peer)).lstrip(": ")
    state = {MeshError.exit_code: "held", UnfitSite.exit_code: "unfit"}.get(
        error.exit_code, "unreachable"
    )
    if state == "unreachable":
        reason = f"{state}: {reason}"
    return Missing(state, reason, error.hint, final=not isinstance(error, TransientError))


def _poll(
    ends: tuple[Connection, Connection, Host], awaited: Awaited, clock: Callable[[], float]
) -> Missing | None:
    """Look until the peer has everything (None), nothing is sent, or time is over.

    Raises:
        MeshError: nothing is sent to the peer, so nothing will arrive.
    """
    here, there, peer = ends
    pause_s = PAUSE_MIN_S
    sent_at = clock()
    while True:
        missing = _missing(here, there, awaited)
        # After that look: what is forgotten here is missing there, though nothing waits.
        if refusal := fetch_refusal(here, there, peer, awaited.ahead_max_s):
            raise refusal
        idle = _explain_idle(here, there, awaited.own, peer) if missing else None
        if not idle:
            sent_at = clock()
        if not missing or clock() + pause_s >= awaited.deadline or clock() >= sent_at + IDLE_S:
            return _with_idle(missing, idle)
        time.sleep(pause_s)
        pause_s = min(pause_s * 1.5, PAUSE_MAX_S)


def _explain_idle(here: Connection, there: Connection, own: int, peer: Host) -> Missing | None:
    """Why nothing is sent to a peer that would be taken; None where it is."""
    for connection, site in ((there, peer.site), (here, own)):
        if down := fetch_down(connection, site):
            what, _, hint = down.partition(": ")
            return Missing("down", f"down: {what}", hint, final=True)
    if idle := fetch_idle(here, own):
        hint = "start it with `bondreplicate run`, or see its log"
        return Missing("no daemon", f"no daemon: {idle}", hint, final=True)
    return None


def _with_idle(missing: Missing | None, idle: Missing | None) -> Missing | None:
    """What is missing, with why it does not come."""
    if missing and idle and missing.state == "parked":
        return replace(missing, hint=f"{idle.reason}: {idle.hint}", final=True)
    return idle if missing and idle else missing


def _missing(here: Connection, there: Connection, awaited: Awaited) -> Missing | None:
    """What the peer has not got of what is awaited; None where it has all."""
    reached = fetch_reached(there, awaited.own, awaited.incarnation)
    if is_behind(here, awaited.own, reached.position, awaited.before):
        age_s = reached.age_s
        ago = (
            "it never applied a batch" if age_s is None else f"its last batch was {age_s:.1f} s ago"
        )
        return Missing("behind", f"has not applied everything: {ago}")
    args = {"source": awaited.own, "before": awaited.before}
    parked = rows(there, query("parked_from"), args)[0]
    if parked.parked:
        hint = "mend what it says; it is tried again every second, and by `bondreplicate retry`"
        return Missing("parked", f"{words.parked(parked.parked)} there: {parked.reason}", hint)
    return None
