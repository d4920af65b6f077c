"""How long to wait before the next try: doubling, capped, spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass
class Backoff:
    """Waits of first_s, twice that, … up to cap_s, each spread by half of itself.

    Args:
        random: a number from 0 to 1, so that sites do not try in step.
    """

    first_s: float
    cap_s: float
    random: Callable[[], float]
    tries: int = 0

    def next_s(self) -> float:
        """The next wait, in seconds."""
        whole = min(self.cap_s, self.first_s * 2 ** min(self.tries, 30))
        self.tries += 1
        return whole * (0.5 + self.random() / 2)

    def reset(self) -> None:
        """After a success."""
        self.tries = 0
