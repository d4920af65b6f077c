"""Keep the log short and the clock straight: rotation by causal stability, and the floor of the logical clock."""

from __future__ import annotations

import json

from bondreplicate.border.database import Connection, execute, rows, value
from bondreplicate.border.sqlfiles import query


def rotate(connection: Connection, me: int) -> int:
    """Truncate the parts of the log that every other enabled site is known to have; see rotate_log()."""
    if not value(connection, query("log_has_entries")):
        return 0
    known = {str(r.site): r.seen for r in rows(connection, query("known_vectors"), {"me": me})}
    return value(connection, query("rotate_log"), {"known": json.dumps(known)})


def keep_clock(connection: Connection) -> None:
    """Raise the floor where the wall clock is behind what was stamped here: it was set back."""
    execute(connection, query("keep_clock"))
