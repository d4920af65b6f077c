"""Counters: a small model of its own, of columns to which the changes of all sites add up.

A row has a version, and the later stays, as everywhere. Beside it stands its *count*, which is
merged by itself: the *base* (version of the INSERT that began it), the value it began with, and of
each site what that one has added since: a total, after so many changes. Only the site itself moves
its total; of two that are told of a site the one after more changes is later. The value that users
see is the start and all totals. So it does not matter how often, in which order and over whom
counts arrive, nor which row wins.

A later INSERT has another base: what was added to an older one is lost with it. A count outlives
its row as long as something that did not know of the deletion can arrive: the row may come back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.model.versions import Version

Total = tuple[int, int]
"""Changes, and what they come to."""


@dataclass(frozen=True)
class Count:
    """What is known of the counter of a row. `totals`: by site."""

    base: Version
    start: int
    totals: Mapping[int, Total] = field(default_factory=dict)

    @property
    def value(self) -> int:
        return self.start + sum(total for _, total in self.totals.values())


@dataclass
class Rules:
    """Each can be left out.

    Attributes:
        add_up: counters are merged beside the row; else they are won and lost with it.
        by_base: what was added to an older base is lost; else it is added to the later one.
        by_changes: of two totals of a site that after more changes stays; else the one that comes.
        all_totals: a site sends what it knows of all sites; else its own total only.
        with_deletes: a deletion carries the count of its row.
        outlive: a count outlives its row.
        parked_keep: no count is forgotten while something is parked.
    """

    add_up: bool = True
    by_base: bool = True
    by_changes: bool = True
    all_totals: bool = True
    with_deletes: bool = True
    outlive: bool = True
    parked_keep: bool = True


def join(one: Count, other: Count, rules: Rules) -> Count:
    """What both know; `other` is what comes."""
    high = max(one, other, key=lambda c: c.base)
    if one.base != other.base and rules.by_base:
        return high
    totals = dict(one.totals)
    for site, total in other.totals.items():
        known = totals.get(site, (0, 0))
        totals[site] = max(known, total) if rules.by_changes else total
    return Count(high.base, high.start, totals)


@dataclass(frozen=True)
class State:
    """A row as it travels. `lives`: or it was deleted; `made`: site and transaction of that."""

    version: Version
    lives: bool
    text: int
    count: Count | None
    made: tuple[int, int]


@dataclass(frozen=True)
class Batch:
    """All that its origin changed in (since, upto]. `vector`: what it had of others."""

    origin: int
    since: int
    upto: int
    vector: Mapping[int, int]
    states: Mapping[int, State]


@dataclass
class CountingSite:
    """A site with one table: a text that is won or lost, and a counter."""

    number: int
    rules: Rules
    rows: dict[int, State] = field(default_factory=dict)
    counts: dict[int, Count] = field(default_factory=dict)
    changed: dict[int, int] = field(default_factory=dict)
    position: dict[int, int] = field(default_factory=dict)
    told: set[tuple[int, Version]] = field(default_factory=set)
    known: dict[int, Mapping[int, int]] = field(default_factory=dict)
    parked: dict[tuple[int, int], State] = field(default_factory=dict)
    refuses: set[int] = field(default_factory=set)
    last: int = 0
    floor: int = 0

    def shown(self) -> dict[int, tuple[int, int]]:
        """What users see: text and counter."""
        return {k: (s.text, self.counts[k].value) for k, s in sorted(self.rows.items()) if s.lives}

    def insert(self, key: int, text: int, start: int, clock: int) -> Version:
        version = self._write(key, text, lives=True, clock=clock)
        self.counts[key] = Count(version, start)
        return version

    def update(self, key: int, text: int, clock: int) -> None:
        self._write(key, text, lives=True, clock=clock)

    def add(self, key: int, amount: int, clock: int) -> Version:
        """`update … set n = n + amount`. Returns the base that it was added to."""
        self._write(key, self.rows[key].text, lives=True, clock=clock)
        count = self.counts[key]
        changes, total = count.totals.get(self.number, (0, 0))
        totals = {**count.totals, self.number: (changes + 1, total + amount)}
        self.counts[key] = Count(count.base, count.start, totals)
        return count.base

    def delete(self, key: int, clock: int) -> None:
        self._write(key, 0, lives=False, clock=clock)
        if not self.rules.outlive:
            del self.counts[key]

    def touch(self, key: int) -> None:
        """Send a row on that others have made."""
        self.last += 1
        self.changed[key] = self.last

    def _write(self, key: int, text: int, *, lives: bool, clock: int) -> Version:
        self.last += 1
        self.floor = max(self.floor + 1, clock)
        version = Version(self.floor, self.number, 0)
        self.rows[key] = State(version, lives, text, None, (self.number, self.last))
        self.changed[key] = self.last
        return version

    def cut(self, since: int) -> Batch:
        """A batch for a target that has this site up to `since`."""
        keys = [key for key, number in self.changed.items() if number > since]
        states = {key: self._state(key) for key in keys}
        return Batch(self.number, since, self.last, dict(self.position), states)

    def _state(self, key: int) -> State:
        row, count = self.rows[key], self.counts.get(key)
        if count and not self.rules.all_totals:
            own = {s: t for s, t in count.totals.items() if s == self.number}
            count = Count(count.base, count.value - sum(t for _, t in own.values()), own)
        if not row.lives and not self.rules.with_deletes:
            count = None
        return State(row.version, row.lives, row.text, count, row.made)

    def apply(self, batch: Batch) -> None:
        """Merge a batch, and what is parked. One that leaves a gap, or is old, is refused."""
        position = self.position.get(batch.origin, 0)
        if batch.since > position or batch.upto < position:
            return
        self.position[batch.origin] = batch.upto
        self.known[batch.origin] = batch.vector
        for key, state in batch.states.items():
            self.floor = max(self.floor, state.version.stamp)
            self.parked[batch.origin, key] = state
        for place in [p for p in self.parked if p[1] not in self.refuses]:
            self._merge(place[1], self.parked.pop(place))

    def _merge(self, key: int, new: State) -> None:
        old = self.rows.get(key)
        wins = old is None or new.version > old.version
        here = self.counts.get(key)
        if not self.rules.add_up:
            count = new.count if wins else here
        elif here and new.count:
            count = join(here, new.count, self.rules)
            self.told |= {(key, c.base) for c in (here, new.count) if c.base != count.base}
        else:
            count = here or new.count
        if wins:
            if old and here and not new.lives:
                self.told.add((key, here.base))  # as a row that was deleted elsewhere
            self.rows[key] = new
        if count and (self.rules.outlive or self.rows[key].lives):
            self.counts[key] = count
        elif not self.rows[key].lives:
            self.counts.pop(key, None)

    def forget(self, sites: int) -> None:
        """Forget the counts of rows of which every site has the deletion."""
        if self.parked and self.rules.parked_keep:
            return
        others = [n for n in range(sites) if n != self.number]
        for key, row in self.rows.items():
            if not row.lives and all(self._has(n, row.made) for n in others):
                self.counts.pop(key, None)

    def _has(self, site: int, made: tuple[int, int]) -> bool:
        maker, number = made
        known = self.known.get(site, {})
        return maker == site or (known.get(maker, 0) >= number)
