"""The plans that a session of a link keeps for its statements."""

from __future__ import annotations

import time

from bondreplicate.border.database import Connection, execute

FEW = 1000
KEPT_S = 60.0


class Plans:
    """Has a session plan anew where tables may have become others than its plans were made for.

    Plans serve for any values, and are kept: it takes longer to make them than to apply a few
    rows. But a table that was empty when they were made is read whole by them for each row, until
    somebody analyzes it. (Applying many rows has plans of its own: see merge_mending().)
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._rows = self._planned_rows = 0
        self._planned_s = time.monotonic()

    def use(self, rows: int) -> None:
        """Tell of rows before they are handled; locks nothing.

        When they are twice as many as they were, and after a minute, plans are made anew.
        """
        self._rows += rows
        grown = self._rows >= max(FEW, 2 * self._planned_rows)
        if grown or time.monotonic() - self._planned_s > KEPT_S:
            execute(self._connection, "discard plans")
            self._planned_rows, self._planned_s = self._rows, time.monotonic()
