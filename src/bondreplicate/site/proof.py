"""The marks of a link: that its origin goes on from where it was, and so does its target.

A mark is made after the snapshot of a batch was taken, is on disk at the origin before the target
can have it, and reaches the target in the transaction of the batch. So a copy of the origin that
has the mark has all that was in the batch; one that lacks something of it does not know the mark.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bondreplicate.border.database import Connection, value
from bondreplicate.border.failpoint import reach
from bondreplicate.border.sqlfiles import query
from bondreplicate.errors import TransientError

RENEW_S = 1.0
"""How old a mark may get while batches with rows follow each other: one small write a second."""


@dataclass
class Proof:
    """What one session of a link leaves at its target.

    Attributes:
        connection: to the origin. target: number of the site.
        token: mark that was written down last. held: mark that the target has.
        late: whether the target has rows that are younger than its mark.
    """

    connection: Connection
    target: int
    token: str | None
    held: str | None
    late: bool = False
    _renewed_s: float | None = field(default=None, init=False)
    _fresh: bool = field(default=False, init=False)

    def renew(self) -> None:
        """Write down another mark for the batch whose snapshot was just taken, where it is due.

        Raises:
            TransientError: another session of this site serves the target by now.
        """
        self._fresh = self._due_s() == 0
        if not self._fresh:
            return
        args = {"site": self.target, "held": self.held, "before": self.token}
        token = value(self.connection, query("proof_renew"), args)
        if token is None:
            raise TransientError(f"another session of this site sends to site {self.target}")
        self.token, self._renewed_s = token, time.monotonic()
        reach("proof_renewed")

    def note(self, *, something: bool) -> None:
        """A batch was applied, with rows or without; `late` until a mark follows its rows."""
        self.held = self.token
        self.late = not self._fresh and (self.late or something)

    def decide_due_s(self) -> float | None:
        """In how many seconds a batch without rows is due, for the sake of its mark alone."""
        return self._due_s() if self.late else None

    def _due_s(self) -> float:
        if self._renewed_s is None:
            return 0.0
        return max(0.0, self._renewed_s + RENEW_S - time.monotonic())
