"""PostgreSQL's snapshots (`pg_snapshot` as text)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

NOTHING = "1:1:"
"""A snapshot that shows no transaction at all."""


def shows(snapshot: str, spans: Iterable[tuple[int, int]]) -> bool:
    """Whether a snapshot shows every transaction of some ranges.

    Args:
        snapshot: `xmin:xmax:` and the numbers, with commas, of those between that were open.
        spans: first number of each range, and the one after its last.
    """
    end, still_open = _parts(snapshot)
    return all(
        after <= end and bisect_left(still_open, first) == bisect_left(still_open, after)
        for first, after in spans
    )


def includes(snapshot: str, other: str) -> bool:
    """Whether a snapshot shows all that another one shows."""
    end, still_open = _parts(snapshot)
    other_end, also_open = _parts(other)
    hidden = {xid for xid in still_open if xid < other_end}
    return other_end <= end and hidden <= set(also_open)


def is_had(snapshot: str, newest: int, known: Iterable[str]) -> bool:
    """Whether a snapshot shows transactions of which the newest is known, and who has them all.

    Args:
        snapshot: what a site has.
        newest: of those transactions.
        known: snapshots, each of which shows them all.
    """
    first_open = int(snapshot.split(":")[0])
    return newest < first_open or any(includes(snapshot, other) for other in known)


def _parts(snapshot: str) -> tuple[int, list[int]]:
    """Its xmax, and the numbers below that were open, in order."""
    _, end, among = snapshot.split(":")
    return int(end), sorted(int(xid) for xid in among.split(",") if xid)
