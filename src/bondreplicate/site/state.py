"""Who this database is: a first start, the same again, or a copy that becomes a new site."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bondreplicate.border.database import Connection, dicts, execute, transaction
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.errors import MeshError
from bondreplicate.site.hosts import rejoin_hint

COPIED = (
    "state_copied_log",
    "state_copied_changed",
    "state_copied_positions",
    "state_copied_from",
    "state_copied_own",
    "state_copied_tables",
    "state_copied_unread",
    "state_copied_clock",
    "state_copied_proofs",
)


class Start(Enum):
    """What a start of the daemon finds."""

    FIRST = "first start"
    AGAIN = "started again"
    COPY = "copy of another site"


@dataclass(frozen=True)
class State:
    """The row of replicate_state, and what the server says of itself now (`…_now`).

    `missed`: ranges of transactions of this site, from the first to before the second number, that
    its log has forgotten and one other site, its target, was not known to have. `forgotten`: what
    it had forgotten before that site was noted: `newest` transaction, and `known`, positions of the
    sites that had all of it; None: nothing. `told`: position of this site that the target said it
    had reached. `proof_held`,
    `proof_token`: marks of the link to it, of which it has one. `refused`: why nothing is sent to
    it for good, through the fault of the site `culprit`.
    """

    site: int | None
    maxsites: int | None
    part: int
    incarnation: object
    system_identifier: int | None
    timeline: int | None
    database_oid: int | None
    pruned_xid: int | None
    tables_revision: int
    went_down_at: datetime | None
    unsent_when_down: int | None
    system_identifier_now: int
    timeline_now: int
    database_oid_now: int
    next_xid: int
    standby: bool
    missed: Sequence[tuple[int, int]]
    forgotten: Mapping[str, Any] | None
    told: str | None
    proof_held: str | None
    proof_token: str | None
    refused: str | None
    culprit: int | None

    @property
    def same_database(self) -> bool:
        """Whether this is the database that the state was written in, not a copy."""
        before = (self.system_identifier, self.database_oid)
        return before == (self.system_identifier_now, self.database_oid_now)


def fetch_state(connection: Connection, target: int | None = None) -> State:
    """The state of this site, as a link to a target has to know it."""
    return State(**dicts(connection, query("state"), {"target": target})[0])


def decide_start(state: State, site: int) -> Start:
    """What a start with this site number is.

    Raises:
        MeshError: the number is not this database's, or the database is not what it was.
    """
    if state.site is None:
        return Start.FIRST
    if state.site != site and not state.same_database:
        return Start.COPY
    if state.site != site:
        raise MeshError(
            f"this database is site {state.site}, the configuration says {site}",
            hint=f"set site = {state.site}; only a copy of a database takes another number"
            " (docs/how-to/before-the-first-start.md has the way back from a wrong first start)",
        )
    if not state.same_database:
        raise MeshError(
            f"this database is a copy of site {site}, which may still be alive elsewhere",
            hint="give the copy a number that was never used, in bondreplicate.conf and in"
            " replicate_hosts of every site (docs/how-to/join-a-site.md)",
        )
    if state.timeline_now != state.timeline:
        raise MeshError(
            f"site {site} went back in time: its timeline was {state.timeline} and is"
            f" {state.timeline_now}, so changes that others have may be missing here",
            hint=rejoin_hint(site),
        )
    return Start.AGAIN


def take_identity(connection: Connection, settings: Settings) -> tuple[Start, State]:
    """Make this database the site that the configuration says; in one transaction.

    Returns:
        What was found, and the state as it was before.
    """
    with transaction(connection):
        execute(connection, query("schema_lock"))
        before = fetch_state(connection)
        start = decide_start(before, settings.site)
        args = {"site": settings.site, "maxsites": settings.maxsites}
        if start is Start.COPY:
            for step in COPIED:
                execute(connection, query(step), args)
        if start is Start.AGAIN:
            execute(connection, query("state_maxsites"), args)
        else:
            execute(connection, query("state_adopt"), args)
    return start, before
