"""What the test knows and no site does: every write, what its author saw, what was logged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.model.schema import Key
from tests.model.versions import State


@dataclass
class Ledger:
    """Numbers writes from 1. A write's parents are the writes whose result its author saw."""

    parents: list[tuple[int, ...]] = field(default_factory=lambda: [()])
    made_by_user: list[bool] = field(default_factory=lambda: [False])
    logged: set[int] = field(default_factory=set)
    views: dict[int, Mapping[Key, int]] = field(default_factory=dict)
    made_at: dict[int, int] = field(default_factory=dict)
    burnt: set[int] = field(default_factory=set)
    needless: int = 0
    given_up: int = 0

    def write(self, parents: Iterable[int], user: bool) -> int:
        self.parents.append(tuple(p for p in parents if p))
        self.made_by_user.append(user)
        return len(self.parents) - 1

    def view(self, write: int, site: int, shows: Mapping[Key, int]) -> None:
        """What else the author of a write saw: by key, whose result was shown."""
        self.views[write] = shows
        self.made_at[write] = site

    def same(self, lost: int, kept: int) -> None:
        """Two writes with the same result: whoever sees one sees the other."""
        if lost < kept:
            self.parents[kept] += (lost,)
        elif lost > kept:
            self.logged.add(lost)

    def log(self, lost: int) -> None:
        """A conflict record with the whole row that lost."""
        self.logged.add(lost)

    def log_repair(self, lost: State, kept: State) -> None:
        """A repair removed one of two rows. Needless: an author had seen what became of the other.

        Then the two never were to stand together, and what makes room was on its way.
        """
        self.logged.add(lost.write)
        for one, other in ((lost, kept), (kept, lost)):
            seen = self.views.get(one.write, {}).get(other.key, 0)
            if other.write in self.ancestors([seen]):
                self.needless += 1
                return

    def ancestors(self, writes: Iterable[int]) -> set[int]:
        found: set[int] = set()
        queue = list(writes)
        while queue:
            write = queue.pop()
            if write not in found:
                found.add(write)
                queue += self.parents[write]
        return found

    def lost(self, final: Iterable[int]) -> list[int]:
        """Writes of users that are neither the end, nor seen by a successor, nor logged."""
        kept = self.ancestors([*final, *self.logged])
        kept |= self.burnt
        return [w for w, user in enumerate(self.made_by_user) if user and w not in kept]
