"""Purging conflicts on demand: each other site is asked what it has been told."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field

from bondreplicate.border.database import Connection, connect
from bondreplicate.core.redact import redact
from bondreplicate.core.snapshot import NOTHING
from bondreplicate.errors import BondError
from bondreplicate.mesh.progress import fetch_incarnation, fetch_reached
from bondreplicate.site.fitness import check_peer, fetch_identity
from bondreplicate.site.hosts import list_peers
from bondreplicate.site.retention import BATCH_ROWS, count_old, fetch_told, purge_some

CONNECT_S = 3


@dataclass(frozen=True)
class Purged:
    """What `conflicts purge --json` prints.

    purged: conflicts removed here. kept: old ones that another site may not have been told yet.
    not_asked: sites that did not answer, and why; what they last said of themselves counts.
    """

    purged: int
    kept: int
    not_asked: dict[int, str] = field(default_factory=dict)


def purge_conflicts(here: Connection, site: int, age_s: float) -> Purged:
    """Remove the conflicts of this site that were found longer ago than `age_s`.

    Args:
        here: autocommit, to this site.
        site: its number.
        age_s: in seconds.
    """
    positions, not_asked = _ask_peers(here, site)
    purged = 0
    while True:
        some = purge_some(here, age_s, positions)
        purged += some
        if some < BATCH_ROWS:
            return Purged(purged, count_old(here, age_s), not_asked)


def _ask_peers(here: Connection, site: int) -> tuple[dict[int, str], dict[int, str]]:
    """The position of this site at each other one, and who did not answer."""
    positions, not_asked = fetch_told(here), {}
    identity, incarnation = fetch_identity(here), fetch_incarnation(here)
    for peer in list_peers(here, site):
        try:
            with closing(connect(peer.dsn, role="purge", timeout_s=CONNECT_S)) as there:
                known = check_peer(there, peer, identity)
                reached = fetch_reached(there, site, incarnation) if known else None
                positions[peer.site] = reached.position if reached else NOTHING
        except BondError as error:
            not_asked[peer.site] = redact(error.message).removeprefix(f"{peer}: ")
    return positions, not_asked
