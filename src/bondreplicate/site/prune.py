"""Keep the log short and the clock straight: rotation by causal stability, and the floor of the logical clock."""

from __future__ import annotations

import json

from bondreplicate.border.database import Connection, rows, value
from bondreplicate.border.failpoint import reach
from bondreplicate.border.sqlfiles import query


def rotate(connection: Connection, me: int) -> int:
    """Truncate the parts of the log that every other enabled site is known to have; see rotate_log()."""
    if not value(connection, query("log_has_entries")):
        return 0
    known = {str(r.site): r.seen for r in rows(connection, query("known_vectors"), {"me": me})}
    reach("rotate_begun")
    truncated = value(connection, query("rotate_log"), {"known": json.dumps(known)})
    reach("rotated")
    return truncated


def keep_clock(connection: Connection) -> int:
    """See to it that stamps made here never go back, whatever the wall clock does; see keep_clock().

    Returns:
        Entries of the log that were stamped anew, because the wall clock had been set back.
    """
    return value(connection, query("keep_clock"))
