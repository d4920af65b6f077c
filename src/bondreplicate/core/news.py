"""When a link sends a batch without rows: others learn what was applied here, and can forget.

A site forgets an entry once every other site has told, with a batch of its own, that it has it. So
a site that applied rows owes each of the others one batch, with rows or without. Batches without
rows owe nothing: silence follows.
"""

from __future__ import annotations

from dataclasses import dataclass

PAUSE_S, PARKED_S = 0.2, 1.0


@dataclass
class News:
    """What a link last told its target.

    Attributes:
        applied_told: entries of others applied here then; None: nothing told yet.
        told_at_s: when, in monotonic seconds.
        parked: how many changes of this site the target holds that it could not apply; 1: some.
        fewer: whether the last batch applied some of them: others may follow at once.
    """

    applied_told: int | None = None
    told_at_s: float = 0.0
    parked: int = 0
    fewer: bool = False

    def decide_due_s(self, applied: int, now_s: float) -> float | None:
        """In how many seconds a batch without rows is due; None: not before something happens.

        Args:
            applied: entries of others that this site has ever applied.
            now_s: monotonic seconds.
        """
        if self.applied_told is None:
            return 0.0
        if applied != self.applied_told:
            return max(0.0, self.told_at_s + PAUSE_S - now_s)
        if self.parked:
            pause_s = PAUSE_S if self.fewer else PARKED_S
            return max(0.0, self.told_at_s + pause_s - now_s)
        return None

    def note(self, applied: int, parked: int, now_s: float) -> None:
        """A batch was applied, which told what had been applied here, and left so many parked."""
        self.fewer = parked < self.parked
        self.applied_told, self.parked, self.told_at_s = applied, parked, now_s
