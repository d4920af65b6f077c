"""PostgreSQL's snapshots (`pg_snapshot` as text), compared without a database."""

from __future__ import annotations

from dataclasses import dataclass

NOTHING = "1:1:"
"""A snapshot that shows no transaction at all."""


@dataclass(frozen=True)
class Snapshot:
    """`xmin:xmax:running`: shown is every transaction below xmax that is not in `running`."""

    xmin: int
    xmax: int
    running: frozenset[int]

    def covers(self, other: Snapshot) -> bool:
        """Whether everything that `other` shows is shown here as well."""
        return other.xmax <= self.xmax and all(
            xid >= other.xmax or xid in other.running for xid in self.running
        )


def parse(text: str | None) -> Snapshot:
    """A Snapshot from PostgreSQL's text for it; None is the one that shows nothing."""
    xmin, xmax, running = (text or NOTHING).split(":")
    return Snapshot(int(xmin), int(xmax), frozenset(int(x) for x in running.split(",") if x))


def progressed(before: dict[str, str], now: dict[str, str]) -> bool:
    """Whether a vector of positions (site to snapshot) has gone on since `before`."""
    return any(parse(now[site]) != parse(before.get(site)) for site in now)
