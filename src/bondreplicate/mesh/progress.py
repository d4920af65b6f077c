"""How far a change has got: the position of a target, and what an origin still has to send it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from bondreplicate.border.database import Connection, rows, value
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.snapshot import NOTHING


@dataclass(frozen=True)
class Reached:
    """What a target has applied of an origin, read at the target.

    `position` is a snapshot of the origin; it shows nothing where the target knew another
    incarnation of the origin (`stranger`). `lag_s` is that of the last batch with
    rows. `now` is the clock of the target.
    """

    position: str = NOTHING
    applied_at: datetime | None = None
    batches: int = 0
    rows: int = 0
    lag_s: float | None = None
    now: datetime | None = None
    stranger: bool = False

    @property
    def age_s(self) -> float | None:
        """Seconds since the last batch was applied; None: there was none."""
        if self.applied_at is None or self.now is None:
            return None
        return max(0.0, (self.now - self.applied_at).total_seconds())


@dataclass(frozen=True)
class Unsent:
    """Log entries of an origin that a target has not got. `now` is the clock of the origin."""

    entries: int
    oldest: datetime | None
    now: datetime

    @property
    def lag_s(self) -> float:
        """Age of the oldest; 0 where everything was sent."""
        if self.oldest is None:
            return 0.0
        return max(0.0, (self.now - self.oldest).total_seconds())


def fetch_incarnation(connection: Connection) -> str | None:
    """Which incarnation of itself a site is; None before its first run."""
    state = rows(connection, query("fit_state"))
    return str(state[0].incarnation) if state and state[0].incarnation else None


def fetch_reached(target: Connection, origin: int, incarnation: str | None) -> Reached:
    """How far a target has got with an origin.

    Args:
        target: connection to the target.
        origin: number of the origin.
        incarnation: of the origin, as it is now.
    """
    found = rows(target, query("position_of"), {"site": origin})
    if not found:
        return Reached()
    row = found[0]
    stranger = row.incarnation not in (None, incarnation)
    known = NOTHING if stranger else row.position or NOTHING
    return Reached(
        known, row.applied_at, row.batches, row.rows, row.lag_s, row.now, stranger=stranger
    )


def count_unsent(origin: Connection, source: int, position: str) -> Unsent:
    """What an origin still has to send to a target at this position."""
    args = {"source": source, "position": position}
    return Unsent(*rows(origin, query("unsent_count"), args)[0])


def is_behind(origin: Connection, source: int, position: str, before: str) -> bool:
    """Whether a target at `position` lacks something that the snapshot `before` shows."""
    args = {"source": source, "position": position, "before": before}
    return bool(value(origin, query("unsent_before"), args))
