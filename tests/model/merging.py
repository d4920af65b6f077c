"""Rows merged column by column: a small model of its own. Counters: counters.py.

Columns that one constraint names together are one *group* and are merged as one: then a merged row
breaks no CHECK, NOT NULL or composite key that its authors' rows did not break. A row that comes
back where it was deleted is completed there: a repair, just above the deletion.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.model.versions import Version

Group = tuple[int, ...]
Cell = tuple[Version, Group]
NEVER = Version(-1, 0, 0)


@dataclass(frozen=True)
class Merged:
    """A row, or where `dead` is later than all its cells, none.

    Attributes:
        cells: by group, version and values.
        dead: the latest deletion known.
    """

    cells: Mapping[str, Cell]
    dead: Version = NEVER

    @property
    def top(self) -> Version:
        return max((v for v, _ in self.cells.values()), default=NEVER)

    @property
    def lives(self) -> bool:
        return self.top > self.dead


def join(one: Merged, other: Merged) -> Merged:
    """The later of each group, and of the deletion."""
    cells = {g: max(one.cells.get(g, (NEVER, ())), other.cells.get(g, (NEVER, ())))
             for g in {*one.cells, *other.cells}}  # fmt: skip
    return Merged(cells, max(one.dead, other.dead))


@dataclass
class Rules:
    """Each can be left out: see the module."""

    groups: bool = True
    revive: bool = True


@dataclass(frozen=True)
class Sent:
    """A batch: the rows that changed at its origin in (since, upto]."""

    origin: int
    since: int
    upto: int
    rows: Mapping[int, Merged]


@dataclass
class MergingSite:
    """A site with one table: groups `t` (free) and `lohi` (CHECK lo <= hi)."""

    number: int
    rules: Rules
    rows: dict[int, Merged] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    position: dict[int, int] = field(default_factory=dict)
    last: int = 0
    floor: int = 0

    def version(self, clock: int) -> Version:
        self.floor = max(self.floor + 1, clock)
        self.last += 1
        return Version(self.floor, self.number, 0)

    def write(self, key: int, groups: Mapping[str, Group], clock: int) -> Version:
        """Insert (all groups) or update."""
        version, old = self.version(clock), self.rows.get(key)
        cells = {g: (version, v) for g, v in groups.items()}
        if old is None or not old.lives:
            fresh = Merged(cells, old.dead if old else NEVER)
        else:
            fresh = Merged({**old.cells, **cells}, old.dead)
        self.rows[key] = fresh
        self.changed[key] = self.last
        return version

    def delete(self, key: int, clock: int) -> None:
        self.rows[key] = Merged({}, self.version(clock))
        self.changed[key] = self.last

    def shown(self) -> dict[int, dict[str, Group]]:
        """What users see."""
        return {
            key: {g: v for g, (_, v) in row.cells.items()}
            for key, row in sorted(self.rows.items())
            if row.lives
        }

    def cut(self, since: int) -> Sent:
        """A batch for a target that has this site up to `since`."""
        rows = {k: self.rows[k] for k, number in self.changed.items() if number > since}
        return Sent(self.number, since, self.last, rows)

    def apply(self, batch: Sent) -> None:
        """Merge a batch; one that does not begin at the position is refused."""
        if batch.since != self.position.get(batch.origin, 0):
            return
        self.last += 1
        self.position[batch.origin] = batch.upto
        for key, new in batch.rows.items():
            self.floor = max(self.floor, new.top.stamp, new.dead.stamp)
            self._merge(key, new)

    def _merge(self, key: int, new: Merged) -> None:
        old = self.rows.get(key, Merged({}))
        merged = join(old, new)
        if not merged.lives:
            merged = Merged({}, merged.dead)
        elif self.rules.revive and not old.lives and merged.dead != NEVER:
            merged = self._revive(key, merged)
        self.rows[key] = merged

    def _revive(self, key: int, merged: Merged) -> Merged:
        """A row comes back over its deletion: what is older than that is written anew, above it."""
        anew = merged.dead._replace(repair=merged.dead.repair + 1)
        if any(version < merged.dead for version, _ in merged.cells.values()):
            self.changed[key] = self.last
        cells = {g: (anew, vals) if v < merged.dead else (v, vals)
                 for g, (v, vals) in merged.cells.items()}  # fmt: skip
        return Merged(cells, merged.dead)
