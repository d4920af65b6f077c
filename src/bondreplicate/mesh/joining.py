"""A copy becomes a site: its sequences go beyond what the other sites use already."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace

from bondreplicate.border.database import Connection, connect, rows
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.redact import redact
from bondreplicate.core.sequence_model import Range
from bondreplicate.errors import BondError, DatabaseError, MeshError, TransientError
from bondreplicate.site.fitness import Identity, fetch_identity
from bondreplicate.site.hosts import Host, list_peers, rejoin_hint
from bondreplicate.site.sequences import align_sequences, fetch_used

Used = dict[tuple[str, str], Range]
BUSY_S = 30
CONNECT_S = 3
PAUSE_S = 0.2


@dataclass(frozen=True)
class Known:
    """What a site says to one that wants to join.

    taken: it knew a database with that number. is_here: its address leads to this database.
    """

    maxsites: int | None
    taken: bool
    is_here: bool = False


def check_welcome(connection: Connection, settings: Settings) -> None:
    """Check, before this database becomes a site, that the others can take it as that site.

    Sites that do not answer, or did not run yet, are passed over: their links are held later.

    Raises:
        MeshError: its number belonged to another database, the others have another maxsites, or
            this database is listed under another number.
    """
    peers = list_peers(connection, settings.site)
    # What a copy knows of its new number, it knows from the site that was copied.
    if _fetch_known(connection, settings.site).taken:
        raise _taken("the site that was copied", settings.site)
    with ThreadPoolExecutor(max(1, len(peers))) as pool:
        me = fetch_identity(connection)
        answers = list(pool.map(lambda peer: _ask(peer, settings.site, me), peers))
    for peer, known in zip(peers, answers, strict=True):
        if known and known.is_here:
            raise MeshError(
                f"{peer}: its dsn in replicate_hosts leads to this database, and the configuration"
                f" says {settings.site}",
                hint=f"set site = {peer.site}, or correct the dsn of {peer}: a number is for good",
            )
        if known and known.taken:
            raise _taken(str(peer), settings.site)
        if known and known.maxsites not in (None, settings.maxsites):
            theirs = known.maxsites
            raise MeshError(
                f"{peer} has maxsites {theirs}, the configuration here says {settings.maxsites}",
                hint=f"set maxsites = {theirs} here; a mesh grows from 10 to 100 by"
                " `bondreplicate init --grow` at each of its sites first",
            )


def _taken(who: str, site: int) -> MeshError:
    message = f"{who} knows site {site} as another database than this one"
    return MeshError(message, hint=rejoin_hint(site))


def _ask(peer: Host, site: int, me: Identity) -> Known | None:
    try:
        with closing(connect(peer.dsn, role="joining", timeout_s=CONNECT_S)) as there:
            is_here = fetch_identity(there) == me
            return replace(_fetch_known(there, site), is_here=is_here)
    except BondError:
        return None


def _fetch_known(connection: Connection, site: int) -> Known:
    position = rows(connection, query("position_of"), {"site": site})
    taken = bool(position and position[0].incarnation)
    return Known(rows(connection, query("fit_state"))[0].maxsites, taken)


def align_at_start(
    connection: Connection,
    settings: Settings,
    *,
    joining: bool,
    anew: bool,
    report: Callable[..., None],
) -> None:
    """Align all sequences before the first row is sent; waits for those that are in use.

    Where the site only runs again, its sequences are aligned but for those that are new, which the
    daemon aligns as soon as it can: then one that is in use is told, and no reason to send nothing.

    Args:
        connection: to this site, autocommit.
        settings: of this site.
        joining: whether to go beyond what the other sites use; those that do not answer are told.
        anew: whether this is a first start, or after it was down: no sequence is aligned yet.
        report: logs an event with facts.

    Raises:
        TransientError: a transaction has held a sequence for half a minute.
    """
    elsewhere = _fetch_elsewhere(connection, settings, report) if joining else None
    deadline_s = time.monotonic() + BUSY_S
    while True:
        reports = align_sequences(connection, settings.site, settings.maxsites, elsewhere=elsewhere)
        busy = [r for r in reports if r.state == "busy"]
        if not busy or not anew:
            break
        if time.monotonic() > deadline_s:
            raise TransientError(
                f"sequence {busy[0].schema}.{busy[0].name} is held by a transaction",
                hint="end that transaction: ids must not be drawn before sequences are aligned",
            )
        time.sleep(PAUSE_S)
    for held in busy:
        report(
            "sequence_warning",
            reason=f"sequence {held.schema}.{held.name} is held by a transaction: not aligned yet",
            hint="end that transaction: until then it may give out values of other sites",
        )
    for told in reports:
        if told.warning:
            report("sequence_warning", reason=told.warning, hint=told.hint)


def _fetch_elsewhere(
    connection: Connection, settings: Settings, report: Callable[..., None]
) -> Used:
    """The values that the other sites use, of each sequence: lowest and highest."""
    used: Used = {}
    for peer in list_peers(connection, settings.site):
        try:
            with closing(connect(peer.dsn, role="joining")) as there:
                used = plan_beyond([used, fetch_used(there)])
        except DatabaseError as error:
            report("sequences_unknown", site=_name(peer), reason=redact(error.message))
    return used


def _name(peer: Host) -> str:
    return f"{peer.site} ({peer.name})"


def plan_beyond(found: Iterable[Used]) -> Used:
    """One range for each sequence, from those found at several sites."""
    beyond: Used = {}
    for used in found:
        for name, there in used.items():
            here = beyond.get(name, there)
            beyond[name] = Range(min(here.low, there.low), max(here.high, there.high))
    return beyond
