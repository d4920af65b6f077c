"""Why changes that are on their way have not arrived."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bondreplicate.border.database import Connection
from bondreplicate.core.compare import Unsettled
from bondreplicate.core.words import counted
from bondreplicate.mesh.progress import count_unsent, fetch_incarnation, fetch_reached
from bondreplicate.site.health import fetch_down, fetch_idle

STUCK_S = 5.0
"""Entries that are older do not wait only for their turn."""
AGAIN = "ask again when those rows are not written, or give --settle more seconds"


@dataclass(frozen=True)
class End:
    """One of the two sites of a link."""

    connection: Connection
    site: int


def explain_delay(here: End, there: End, unsettled: Unsettled) -> Sequence[str]:
    """What is known of why keys are not the same yet, a line for each direction.

    Args:
        here: this site.
        there: the peer.
        unsettled: keys that differ, and which way their changes have to go.
    """
    found: list[str] = []
    if unsettled.leaving:
        found.append(_explain_link(here, there))
    if unsettled.coming:
        found.append(_explain_link(there, here))
    if unsettled.changing:
        found.append(
            f"{counted(unsettled.changing, 'key')} changed between looks, and were never seen to"
            f" be the same: {AGAIN}"
        )
    return found


def _explain_link(origin: End, target: End) -> str:
    """Why a target has not applied what an origin has."""
    head = f"not applied at site {target.site} yet: "
    for end in (target, origin):
        if down := fetch_down(end.connection, end.site):
            return head + down
    reached = fetch_reached(target.connection, origin.site, fetch_incarnation(origin.connection))
    if reached.stranger:
        return f"{head}it knows site {origin.site} as another database than it is now"
    unsent = count_unsent(origin.connection, origin.site, reached.position)
    if not unsent.entries:
        return f"{head}changes of a third site that site {origin.site} has"
    if idle := fetch_idle(origin.connection, origin.site):
        return head + idle
    waiting = counted(unsent.entries, "log entry", "log entries")
    head += f"{waiting} not sent by site {origin.site}, the oldest {unsent.lag_s:.0f} s old"
    if unsent.lag_s < STUCK_S:
        return f"{head}: they are being sent; {AGAIN}"
    return f"{head}: what its daemon logs tells what holds them up"
