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
    _, end, among = snapshot.split(":")
    still_open = sorted(int(xid) for xid in among.split(",") if xid)
    return all(
        after <= int(end) and bisect_left(still_open, first) == bisect_left(still_open, after)
        for first, after in spans
    )
