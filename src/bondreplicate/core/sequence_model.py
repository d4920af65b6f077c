"""Sequences as PostgreSQL has them, and the numbers that tell sites apart; no decisions."""

from __future__ import annotations

from dataclasses import dataclass

INT8_MAX = 2**63 - 1


@dataclass(frozen=True)
class Definition:
    """What CREATE SEQUENCE says."""

    increment: int
    minimum: int
    maximum: int
    start: int
    cycle: bool
    cache: int

    @property
    def direction(self) -> int:
        """1 where the sequence ascends, -1 where it descends."""
        return 1 if self.increment > 0 else -1

    def holds(self, value: int) -> bool:
        """Whether the sequence may be at this value."""
        return self.minimum <= value <= self.maximum


@dataclass(frozen=True)
class Position:
    """`last_value` and `is_called` of a sequence."""

    last: int
    called: bool


@dataclass(frozen=True)
class Range:
    """An inclusive range of values; for columns that a sequence fills, or values in use."""

    low: int
    high: int


@dataclass(frozen=True)
class Digit:
    """The number that ids end in here, and how many numbers there are (10 or 100)."""

    site: int
    maxsites: int

    def __post_init__(self) -> None:
        if not 1 <= self.site < self.maxsites:
            raise ValueError(f"site {self.site} is not between 1 and {self.maxsites - 1}")

    def residue(self, negative: bool) -> int:
        """What values are congruent to, modulo maxsites."""
        return (-self.site if negative else self.site) % self.maxsites

    def onward(self, value: int, direction: int, negative: bool) -> int:
        """The nearest value of this site at or beyond a value."""
        distance = (self.residue(negative) - value) * direction % self.maxsites
        return value + distance * direction

    def owns(self, value: int, negative: bool) -> bool:
        """Whether the value is one of this site."""
        return (value - self.residue(negative)) % self.maxsites == 0


@dataclass(frozen=True)
class Record:
    """What `replicate_sequence` remembers of an alignment.

    `oid` tells a re-created sequence from an altered one; `name` is the name it had, `started`
    where it was before the first alignment. `released`: replicate_down() has undone it.
    `passed_over`: it could not be aligned at all, and `reason` says why.
    """

    original: Definition
    aligned: Definition
    digit: Digit
    oid: int
    negative: bool
    reason: str | None = None
    name: tuple[str, str] | None = None
    started: Position | None = None
    released: bool = False
    passed_over: bool = False


@dataclass(frozen=True)
class Sequence:
    """A sequence as it is. `position` is None where it could not be read just now.

    `owned_as` is what has an owner: the sequence, or the table that it belongs to. `passed_over`
    is why it has not been aligned so far, as recorded; it then has no other record.
    """

    schema: str
    name: str
    oid: int
    owner: str
    may_alter: bool
    definition: Definition
    position: Position | None
    limits: Range
    record: Record | None = None
    owned_as: str = ""
    passed_over: str | None = None

    def room(self, definition: Definition) -> Range:
        """Values that both a sequence so defined and the columns it fills can hold."""
        low = max(definition.minimum, self.limits.low)
        return Range(low, max(low, min(definition.maximum, self.limits.high)))


def next_value(definition: Definition, position: Position) -> int | None:
    """What nextval() would return; None where it would fail at the end of the range."""
    if not position.called:
        return position.last
    value = position.last + definition.increment
    if definition.holds(value):
        return value
    if not definition.cycle:
        return None
    return definition.minimum if definition.increment > 0 else definition.maximum


def used_percent(definition: Definition, position: Position, room: Range) -> int:
    """How much of its range a sequence has passed, 0 to 100; 0 for one that cycles."""
    span = room.high - room.low
    if definition.cycle:
        return 0
    if span <= 0:
        return 100
    done = position.last - room.low if definition.increment > 0 else room.high - position.last
    return max(0, min(100, done * 100 // span))


def values_left(definition: Definition, position: Position, room: Range) -> int:
    """How many more values nextval() can give before it, or a column it fills, overflows."""
    upcoming = next_value(definition, position)
    if upcoming is None or not room.low <= upcoming <= room.high:
        return 0
    edge = room.high if definition.increment > 0 else room.low
    return abs(edge - upcoming) // abs(definition.increment) + 1
