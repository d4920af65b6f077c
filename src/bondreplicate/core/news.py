"""When a link sends a batch without rows: so that others learn what was applied here, and can forget.

A site forgets an entry once every other site has told, with a batch of its own, that it has it. So a site that
applied rows owes each of the others one batch, with rows or without. Batches without rows owe nothing: silence
follows.
"""

from __future__ import annotations

from dataclasses import dataclass

PAUSE_S, PARKED_S = 0.2, 1.0


@dataclass
class News:
    """What a link last told its target. `applied_told`: rows applied here then; None: nothing yet."""

    applied_told: int | None = None
    told_at_s: float = 0.0
    parked: bool = False

    def decide_send(self, applied: int, now_s: float) -> bool:
        """Whether to send a batch without rows now.

        Args:
            applied: rows that this site has ever applied of others.
            now_s: monotonic seconds.
        """
        if self.applied_told is None:
            return True
        waited_s = now_s - self.told_at_s
        return (applied != self.applied_told and waited_s >= PAUSE_S) or (
            self.parked and waited_s >= PARKED_S
        )

    def note(self, applied: int, now_s: float) -> None:
        """A batch was applied, which told what had been applied here."""
        self.applied_told, self.told_at_s = applied, now_s
