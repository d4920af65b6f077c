"""What each site holds now of the row that a conflict is about."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from bondreplicate.border.database import Connection, connect
from bondreplicate.core.redact import redact
from bondreplicate.core.undo import Refusal, Row
from bondreplicate.errors import BondError
from bondreplicate.site.fitness import Identity, check_peer, fetch_identity
from bondreplicate.site.hosts import Host, find_own, list_hosts
from bondreplicate.site.undo import fetch_row, fetch_winner, find_place

CONNECT_S = 3


@dataclass(frozen=True)
class Holding:
    """What a site holds under the key of a conflict.

    state: as what stayed; as what lost; another row; no row; not known. row: as it is there, in
    those columns of the conflict that are there. reason: why it is not known. stayed, stayed_row:
    the same of the row that stayed, where that has another key.
    """

    site: int
    name: str
    state: str
    row: Row | None = None
    reason: str = ""
    stayed: str = ""
    stayed_row: Row | None = None


def fetch_holdings(here: Connection, site: int, conflict: dict[str, Any]) -> list[Holding]:
    """Ask this site and every other enabled one, all at once.

    Args:
        here: connection to this site.
        site: its number.
        conflict: as fetch_conflict() gives it.
    """
    hosts = list_hosts(here)
    peers = [h for h in hosts if h.enabled and h.site != site]
    identity = fetch_identity(here)
    own = _look(here, find_own(hosts, site), conflict)
    with ThreadPoolExecutor(max(1, len(peers))) as pool:
        found = list(pool.map(lambda peer: _ask(peer, identity, conflict), peers))
    return sorted([own, *found], key=lambda holding: holding.site)


def _ask(peer: Host, identity: Identity, conflict: dict[str, Any]) -> Holding:
    try:
        with closing(connect(peer.dsn, role="conflicts", timeout_s=CONNECT_S)) as there:
            check_peer(there, peer, identity)
            return _look(there, peer, conflict)
    except BondError as error:
        reason = redact(error.message).removeprefix(f"{peer}: ")
        return Holding(peer.site, peer.name, "not known", reason=f"not reachable: {reason}")


def _look(connection: Connection, host: Host, conflict: dict[str, Any]) -> Holding:
    try:
        place = find_place(connection, conflict)
        if isinstance(place, Refusal):
            return Holding(host.site, host.name, "not known", reason=place.reason)
        _, row = fetch_row(connection, place)
        winner = fetch_winner(connection, conflict, place)
    except BondError as error:
        return Holding(host.site, host.name, "not known", reason=redact(error.message))
    stayed = ""
    if conflict["winner_key"]:
        changed = "no row" if winner is None else "changed since"
        stayed = "as it stayed" if winner == conflict["winner_row"] else changed
    return Holding(
        host.site, host.name, decide_state(conflict, row), row, stayed=stayed, stayed_row=winner
    )


def decide_state(conflict: dict[str, Any], row: Row | None) -> str:
    """What a row is, seen from a conflict."""
    if row is None:
        return "no row"
    # What stayed is another row where one was merged into it.
    if conflict["winner_row"] == row and not conflict["winner_key"]:
        return "as what stayed"
    return "as what lost" if conflict["loser_row"] == row else "another row"
