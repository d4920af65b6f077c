"""Keep the log short and the clock straight.

Rotation by causal stability, and the floor of the logical clock.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence

from bondreplicate.border.database import Connection, rows, value
from bondreplicate.border.failpoint import reach
from bondreplicate.border.sqlfiles import query

CLOSING_S, TRIES, PAUSE_S = 0.1, 10, 0.005
"""Links that read the log hold its parts for milliseconds at a time."""


def rotate(connection: Connection, served: Sequence[int]) -> int:
    """Truncate parts of the log that all other enabled sites are known to have.

    Each in a transaction of its own; a part that somebody holds is left for the next time.

    Args:
        connection: autocommit, to this site.
        served: sites that links still send to, also where they were disabled a moment ago.

    Returns:
        Parts truncated.
    """
    if not value(connection, query("log_has_entries")):
        return 0
    known = json.dumps(value(connection, query("known_vectors"), {"served": list(served)}))
    reach("rotate_begun")
    closed = [r.part for r in rows(connection, query("close_parts"))]
    # Transactions that began before still write into the part that was closed just now.
    time.sleep(CLOSING_S if closed else 0)
    forgotten = sum(_forget(connection, part, known) for part in closed)
    reach("rotated")
    return forgotten


def _forget(connection: Connection, part: int, known: str) -> bool:
    args = {"part": part, "known": known}
    for _ in range(TRIES):
        done = value(connection, query("forget_part"), args)
        if done is not False:
            return bool(done)
        time.sleep(PAUSE_S)
    return False


def stamp_back(connection: Connection, ahead_max_s: float) -> int:
    """Stamp anew what a clock that was ahead, and is right again, has stamped.

    Other sites have refused it. The work is done by bondreplicate.stamp_back().

    Returns:
        Entries of the log that were stamped anew; 0 while the clock is still wrong.
    """
    return value(connection, query("stamp_back"), {"ahead_max_s": ahead_max_s})


def keep_clock(connection: Connection) -> int:
    """See to it that stamps made here never go back, whatever the wall clock does.

    The work is done by bondreplicate.keep_clock().

    Returns:
        Entries of the log that were stamped anew, because the wall clock had been set back.
    """
    return value(connection, query("keep_clock"))
