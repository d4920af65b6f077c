"""Keep the log short and the clock straight.

Rotation by causal stability, and the floor of the logical clock.
"""

from __future__ import annotations

import json

from bondreplicate.border.database import Connection, rows, value
from bondreplicate.border.failpoint import reach
from bondreplicate.border.sqlfiles import query


def rotate(connection: Connection, me: int) -> int:
    """Truncate the parts of the log that all other enabled sites are known to have.

    The work is done by bondreplicate.rotate_log().

    Returns:
        Parts truncated.
    """
    if not value(connection, query("log_has_entries")):
        return 0
    known = {str(r.site): r.seen for r in rows(connection, query("known_vectors"), {"me": me})}
    reach("rotate_begun")
    truncated = value(connection, query("rotate_log"), {"known": json.dumps(known)})
    reach("rotated")
    return truncated


def keep_clock(connection: Connection) -> int:
    """See to it that stamps made here never go back, whatever the wall clock does.

    The work is done by bondreplicate.keep_clock().

    Returns:
        Entries of the log that were stamped anew, because the wall clock had been set back.
    """
    return value(connection, query("keep_clock"))
