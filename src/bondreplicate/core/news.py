"""When a link sends a batch without rows: so that others learn what was applied, and can forget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FIRST_S, CAP_S = 0.1, 5.0


@dataclass
class News:
    """What a link last told its target, and how long it waits before it tells more.

    While a log here or there holds entries, or changes are parked there, positions are worth telling;
    each batch without rows doubles the wait, because two sites could keep each other awake for ever.
    """

    told: Mapping[str, str] | None = None
    told_at_s: float = -CAP_S
    wait_s: float = FIRST_S
    target_busy: bool = True
    parked: bool = False

    def decide_send(self, vector: Mapping[str, str], *, log_busy: bool, now_s: float) -> bool:
        """Whether to send a batch without rows now."""
        wanted = self.parked or ((log_busy or self.target_busy) and vector != self.told)
        if self.target_busy and not log_busy and vector == self.told:
            wanted = wanted or now_s - self.told_at_s >= CAP_S
        return wanted and now_s - self.told_at_s >= self.wait_s

    def note(self, vector: Mapping[str, str], *, rows: bool, now_s: float) -> None:
        """A batch was applied; `vector` includes the position of the origin itself."""
        self.wait_s = FIRST_S if rows else min(CAP_S, self.wait_s * 2)
        self.told, self.told_at_s = dict(vector), now_s
