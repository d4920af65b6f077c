"""How long conflicts are kept: purging replicate_error, at this site only."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from bondreplicate.border.database import Connection, execute, rows, transaction, value
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.ages import DAY_S
from bondreplicate.core.snapshot import NOTHING

BATCH_ROWS = 500
EVERY_S = 3600.0


def fetch_told(connection: Connection) -> dict[int, str]:
    """What every other enabled site is known here to have applied of this one: its position."""
    found = rows(connection, query("conflicts_positions"))
    return {row.site: row.position or NOTHING for row in found}


def purge_some(connection: Connection, age_s: float, positions: Mapping[int, str]) -> int:
    """Remove the oldest conflicts, in a transaction of its own.

    Args:
        connection: autocommit, to this site.
        age_s: only conflicts that were found longer ago.
        positions: what each other enabled site has applied of this one. A conflict that was found
            here goes only where all of them show it: it has yet to be told to the others.

    Returns:
        How many; BATCH_ROWS: there may be more.
    """
    args = {
        "age_s": age_s,
        "limit": BATCH_ROWS,
        "positions": json.dumps({str(site): at for site, at in positions.items()}),
    }
    with transaction(connection):
        execute(connection, query("conflicts_horizon"), args)
        return execute(connection, query("conflicts_purge"), args)


def count_old(connection: Connection, age_s: float) -> int:
    """How many conflicts of that age there are."""
    return value(connection, query("conflicts_old"), {"age_s": age_s})


@dataclass
class Retention:
    """What the daemon removes by itself: old conflicts, once an hour, a small batch at a time."""

    keep_days: float
    due_s: float = 0.0

    def purge(self, connection: Connection, now_s: float) -> int:
        """Remove a batch where it is time; how many conflicts it was.

        Args:
            connection: autocommit, to this site.
            now_s: monotonic seconds.
        """
        if not self.keep_days or now_s < self.due_s:
            return 0
        self.due_s = now_s + EVERY_S  # also where it fails
        purged = purge_some(connection, self.keep_days * DAY_S, fetch_told(connection))
        if purged == BATCH_ROWS:
            self.due_s = now_s
        return purged
