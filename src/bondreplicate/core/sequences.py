"""Which values a site's sequences may hand out: the decisions, without a database.

The invariant that everything rests on: every value that a site hands out is congruent to the
site's number modulo `maxsites`. Two sites with different numbers then never hand out the same
value, whatever their positions, increments and histories are. For a sequence that lives below
zero (MAXVALUE <= 0) it is the absolute value that ends in the number: -11, -21 at site 1.

The shift (next value 6432 becomes 64321) is a margin on top of it, for values that were handed
out before the alignment: here, or at another site that was aligned a little later.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

from bondreplicate.core.sequence_model import (
    INT8_MAX,
    Definition,
    Digit,
    Position,
    Range,
    Sequence,
    next_value,
    used_percent,
)

NEAR_THE_END_PERCENT = 80
"""From here on a sequence is reported as near its end; the shift never brings it there."""

Change = Literal[
    "first", "recreated", "grown", "adopted", "resumed", "altered", "drifted", "passed"
]
"""Why a sequence is (re)aligned.

first: never seen. recreated: another sequence of a known name. grown: more sites than it was
aligned for. adopted: the database is a copy of another site. resumed: replicate_down() had put
it back. altered: somebody ran ALTER SEQUENCE, or renamed or restored it. drifted: setval() or
RESTART left the site's own values. passed: values beyond it are in use elsewhere.
"""

SHIFTING: frozenset[Change] = frozenset({"first", "recreated", "grown"})
"""Changes that move the next value by the factor maxsites; all others only correct it."""


@dataclass(frozen=True)
class Plan:
    """An alignment to be done in one transaction.

    `restart` is the next value, None to leave the position alone; `exhaust` puts the sequence at
    its end instead: no value of this site is left, and one of another site must not be used.
    """

    change: Change
    original: Definition
    aligned: Definition
    negative: bool
    restart: int | None
    exhaust: bool
    reason: str | None


@dataclass(frozen=True)
class Impossible:
    """Why no alignment exists."""

    reason: str


def wanted_original(sequence: Sequence) -> Definition:
    """What the user wants the sequence to be: as recorded, with what was altered since."""
    record, now = sequence.record, sequence.definition
    if record is None or record.released or is_recreated(sequence):
        return now
    kept = {
        field: getattr(record.original, field)
        for field in ("increment", "minimum", "maximum", "start", "cycle", "cache")
        if getattr(now, field) == getattr(record.aligned, field)
    }
    return replace(now, **kept)


def is_recreated(sequence: Sequence) -> bool:
    """Whether another sequence took the name; a restored one still has the aligned increment.

    Not known of one that was put back; then it counts as the old one: a shift is done once.
    """
    record = sequence.record
    return (
        record is not None
        and not record.released
        and record.oid != sequence.oid
        and record.aligned.increment != sequence.definition.increment
    )


def plan_definition(
    original: Definition, digit: Digit, negative: bool, room: Range
) -> tuple[Definition, str | None] | Impossible:
    """The definition that keeps every value in this site's residue, and what is unusual in it.

    START gets the site's number, so that TRUNCATE ... RESTART IDENTITY and ALTER SEQUENCE ...
    RESTART keep it. Where CYCLE is set, so does the bound that a wrap leads to.
    """
    first = digit.onward(room.low, 1, negative)
    last = digit.onward(room.high, -1, negative)
    if first > room.high:
        return Impossible(
            f"no value from {room.low} to {room.high} ends in {_ending(digit)}:"
            " give it a larger range, or values that are unique among sites by other means"
        )
    step, reason = _plan_step(abs(original.increment), digit.maxsites, room)
    direction = original.direction
    start = digit.onward(original.start, direction, negative)
    if not original.holds(start):
        start = digit.onward(original.start, -direction, negative)
    if not original.holds(start):
        start = first if direction > 0 else last
    aligned = replace(original, increment=step * direction, start=start)
    if original.cycle and direction > 0:
        aligned = replace(aligned, minimum=digit.onward(original.minimum, 1, negative))
    elif original.cycle:
        aligned = replace(aligned, maximum=digit.onward(original.maximum, -1, negative))
    return aligned, reason


def _plan_step(increment: int, maxsites: int, room: Range) -> tuple[int, str | None]:
    """Increment times maxsites, or the largest smaller multiple of maxsites that makes sense."""
    span = min(max(room.high - room.low, maxsites), INT8_MAX)
    for step in (increment * maxsites, math.lcm(increment, maxsites), maxsites):
        if step <= span:
            break
    else:
        step = maxsites
    if step == increment * maxsites:
        return step, None
    return step, f"increment {step}: there is no room for {increment} times {maxsites}"


def decide_change(sequence: Sequence, digit: Digit) -> Change | None:
    """What is wrong with a sequence, if anything.

    Cheap, and true to what nextval() would do next: a sequence at its end is not wrong.
    """
    record, position = sequence.record, sequence.position
    if record is None:
        return "first"
    if is_recreated(sequence):
        return "recreated"
    if record.digit != digit:
        return "grown" if digit.maxsites > record.digit.maxsites else "adopted"
    if record.released:
        return "resumed"
    renamed = record.name not in (None, (sequence.schema, sequence.name))
    if renamed or record.oid != sequence.oid or record.aligned != sequence.definition:
        return "altered"
    original = wanted_original(sequence)
    target = plan_definition(original, digit, record.negative, sequence.room(original))
    if not isinstance(target, Impossible) and target[0] != sequence.definition:
        return "altered"
    upcoming = next_value(sequence.definition, position) if position else None
    if upcoming is not None and not digit.owns(upcoming, record.negative):
        return "drifted"
    return None


def plan_alignment(
    sequence: Sequence, digit: Digit, change: Change, used: Range | None
) -> Plan | Impossible:
    """How to align a sequence.

    Args:
        sequence: as it is while no other session can call nextval().
        digit: of this site.
        change: as `decide_change` said of the same state.
        used: values known to be in use: here, and elsewhere where that was asked.
    """
    assert sequence.position is not None
    negative = False if sequence.record is None else sequence.record.negative
    original = wanted_original(sequence)
    if change in ("first", "recreated"):
        negative = original.maximum <= 0
    target = plan_definition(original, digit, negative, sequence.room(original))
    if isinstance(target, Impossible):
        return target
    aligned, step_reason = target
    moving = _Moving(sequence, digit, change, original, aligned, negative)
    candidate, reason = moving.candidate()
    candidate, beyond_reason = moving.past(candidate, used)
    reasons = [r for r in (step_reason, reason, beyond_reason) if r]
    if change not in SHIFTING and sequence.record and sequence.record.reason:
        reasons = [sequence.record.reason]
    upcoming = next_value(aligned, sequence.position)
    stays = candidate == upcoming and aligned.holds(sequence.position.last)
    return Plan(
        change=change,
        original=original,
        aligned=aligned,
        negative=negative,
        restart=None if stays else candidate,
        exhaust=candidate is None and upcoming is not None,
        reason="; ".join(reasons) or None,
    )


@dataclass(frozen=True)
class _Moving:
    """Where one sequence goes on: the choice of its next value."""

    sequence: Sequence
    digit: Digit
    change: Change
    original: Definition
    aligned: Definition
    negative: bool

    @property
    def direction(self) -> int:
        return self.original.direction

    def candidate(self) -> tuple[int | None, str | None]:
        """The next value by the rule, None where none is left, and why it is not shifted."""
        position = self.sequence.position
        assert position is not None
        if self.change not in SHIFTING:
            upcoming = next_value(self.aligned, position)
            if upcoming is None or self.digit.owns(upcoming, self.negative):
                return upcoming, None
            # The last value is not one of ours, or the one after it would be: no need to step.
            return self._in_range(self._onward(position.last)), None
        upcoming = next_value(self.sequence.definition, position)
        if upcoming is None:
            return None, None
        plain, shifted = self._in_range(self._onward(upcoming)), self._shifted(upcoming)
        if (shifted - upcoming) * self.direction < 0:
            return plain, None
        room = self.sequence.room(self.original)
        percent = used_percent(self.original, Position(shifted, True), room)
        if room.low <= shifted <= room.high and percent < NEAR_THE_END_PERCENT:
            return shifted, None
        if self.original.cycle:
            return plain, None
        edge = room.high if self.direction > 0 else room.low
        return plain, f"not shifted: {upcoming} would become {shifted}, and the end is {edge}"

    def past(self, candidate: int | None, used: Range | None) -> tuple[int | None, str | None]:
        """The candidate, moved beyond values in use. CYCLE means that values are used again."""
        room = self.sequence.room(self.original)
        if used is None or candidate is None or self.original.cycle:
            return candidate, None
        edge = used.high if self.direction > 0 else used.low
        if (edge - candidate) * self.direction < 0:
            return candidate, None
        beyond = self._onward(edge + self.direction)
        if room.low <= beyond <= room.high:
            return beyond, None
        return candidate, f"values up to {edge} are in use and leave no room beyond them"

    def _shifted(self, upcoming: int) -> int:
        """6432 becomes 64321; when sites grow from 10 to 100, 64321 goes on at 643301."""
        record = self.sequence.record
        if self.change == "grown" and record:
            ratio = self.digit.maxsites // record.digit.maxsites
            return self._onward(upcoming * ratio)
        site = -self.digit.site if self.negative else self.digit.site
        return upcoming * self.digit.maxsites + site

    def _onward(self, value: int) -> int:
        return self.digit.onward(value, self.direction, self.negative)

    def _in_range(self, value: int) -> int | None:
        if self.original.holds(value):
            return value
        if not self.original.cycle:
            return None
        return self.aligned.minimum if self.direction > 0 else self.aligned.maximum


def _ending(digit: Digit) -> str:
    return f"{digit.site:0{len(str(digit.maxsites)) - 1}d}"
