"""Rows merged column by column, and counters that add up: a small model of its own.

Columns that one constraint names together are one *group* and are merged as one: then a merged row
breaks no CHECK, NOT NULL or composite key that its authors' rows did not break. A row that comes
back where it was deleted is completed there: a repair, just above the deletion. A counter is the
value that the last plain write gave it (its *base*) and the sum of what all sites added to that
base; what is added travels once over each link, and counts only for the base that it was added to.
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
        base: version of the plain write that set the counter.
        start: the counter as that write set it.
    """

    cells: Mapping[str, Cell]
    dead: Version = NEVER
    base: Version = NEVER
    start: int = 0

    @property
    def top(self) -> Version:
        return max((v for v, _ in self.cells.values()), default=NEVER)

    @property
    def lives(self) -> bool:
        return self.top > self.dead


def join(one: Merged, other: Merged) -> Merged:
    """The later of each group, of the deletion and of the base."""
    cells = {g: max(one.cells.get(g, (NEVER, ())), other.cells.get(g, (NEVER, ())))
             for g in {*one.cells, *other.cells}}  # fmt: skip
    base, start = max((one.base, one.start), (other.base, other.start))
    return Merged(cells, max(one.dead, other.dead), base, start)


@dataclass
class Rules:
    """Each can be left out. once: what was added is not sent again; revive: see the module."""

    groups: bool = True
    revive: bool = True
    by_base: bool = True
    once: bool = True


@dataclass(frozen=True)
class Sent:
    """A batch: rows, and by key and base what the origin itself has added since."""

    origin: int
    since: int
    upto: int
    rows: Mapping[int, Merged]
    added: Mapping[tuple[int, Version], int]


@dataclass
class MergingSite:
    """A site with one table: groups `t` (free) and `lohi` (CHECK lo <= hi), and a counter `n`."""

    number: int
    rules: Rules
    rows: dict[int, Merged] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    own: list[tuple[int, int, Version, int]] = field(default_factory=list)
    sums: dict[tuple[int, Version], int] = field(default_factory=dict)
    position: dict[int, int] = field(default_factory=dict)
    last: int = 0
    floor: int = 0

    def version(self, clock: int) -> Version:
        self.floor = max(self.floor + 1, clock)
        self.last += 1
        return Version(self.floor, self.number, 0)

    def write(self, key: int, groups: Mapping[str, Group], clock: int) -> Version:
        """Insert (all groups, and the counter is set to nothing) or update."""
        version, old = self.version(clock), self.rows.get(key)
        cells = {g: (version, v) for g, v in groups.items()}
        if old is None or not old.lives:
            fresh = Merged(cells, old.dead if old else NEVER, version, 0)
        else:
            fresh = Merged({**old.cells, **cells}, old.dead, old.base, old.start)
        self.rows[key] = fresh
        self.changed[key] = self.last
        return version

    def delete(self, key: int, clock: int) -> None:
        version, old = self.version(clock), self.rows[key]
        self.rows[key] = Merged({}, version, old.base, old.start)
        self.changed[key] = self.last

    def add(self, key: int, amount: int, clock: int) -> Version:
        """`update … set n = n + amount`. Returns the base that it was added to."""
        self.version(clock)
        base = self.rows[key].base
        self.own.append((self.last, key, base, amount))
        self._count(key, base, amount)
        return base

    def shown(self) -> dict[int, dict[str, Group]]:
        """What users see."""
        return {
            key: {**{g: v for g, (_, v) in row.cells.items()}, "n": (self.total(key),)}
            for key, row in sorted(self.rows.items())
            if row.lives
        }

    def total(self, key: int) -> int:
        row = self.rows[key]
        base = row.base if self.rules.by_base else NEVER
        return row.start + self.sums.get((key, base), 0)

    def cut(self, since: int) -> Sent:
        """A batch for a target that has this site up to `since`."""
        added: dict[tuple[int, Version], int] = {}
        for number, key, base, amount in self.own:
            if number > since or not self.rules.once:
                added[key, base] = added.get((key, base), 0) + amount
        rows = {k: self.rows[k] for k, number in self.changed.items() if number > since}
        return Sent(self.number, since, self.last, rows, added)

    def apply(self, batch: Sent) -> None:
        """Merge a batch; one that does not begin at the position is refused."""
        if batch.since != self.position.get(batch.origin, 0):
            return
        self.last += 1
        self.position[batch.origin] = batch.upto
        for key, new in batch.rows.items():
            self.floor = max(self.floor, new.top.stamp, new.dead.stamp)
            self._merge(key, new)
        for (key, base), amount in batch.added.items():
            self._count(key, base, amount)

    def _count(self, key: int, base: Version, amount: int) -> None:
        at = key, base if self.rules.by_base else NEVER
        self.sums[at] = self.sums.get(at, 0) + amount

    def _merge(self, key: int, new: Merged) -> None:
        old = self.rows.get(key, Merged({}))
        merged = join(old, new)
        if not merged.lives:
            merged = Merged({}, merged.dead, merged.base, merged.start)
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
        return Merged(cells, merged.dead, merged.base, merged.start)
