"""Which values sites may hand out, checked by handing them out.

How ids could collide or be handed out twice is written down in docs/explanation/sequences.md.
"""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bondreplicate.core.sequence_model import (
    INT8_MAX,
    Definition,
    Digit,
    Position,
    Range,
    Record,
    Sequence,
    next_value,
    used_percent,
    values_left,
)
from bondreplicate.core.sequences import (
    Impossible,
    Plan,
    decide_change,
    plan_alignment,
)

INT2, INT4 = Range(-(2**15), 2**15 - 1), Range(-(2**31), 2**31 - 1)
INT8 = Range(-INT8_MAX - 1, INT8_MAX)


def sequence(
    last: int = 1,
    called: bool = False,
    *,
    increment: int = 1,
    minimum: int | None = None,
    maximum: int | None = None,
    cycle: bool = False,
    limits: Range = INT8,
) -> Sequence:
    """A sequence as CREATE SEQUENCE makes it, except for what is said."""
    if minimum is None:
        minimum = 1 if increment > 0 else limits.low
    if maximum is None:
        maximum = limits.high if increment > 0 else -1
    start = last if not called else (minimum if increment > 0 else maximum)
    definition = Definition(increment, minimum, maximum, start, cycle, 1)
    return Sequence("public", "s", 1, "o", True, definition, Position(last, called), limits)


def aligned(seq: Sequence, site: int, maxsites: int = 10, used: Range | None = None) -> Sequence:
    """The sequence after one round; as it is where nothing is to be done."""
    digit = Digit(site, maxsites)
    change = decide_change(seq, digit)
    if change is None:
        return seq
    plan = plan_alignment(seq, digit, change, used)
    assert isinstance(plan, Plan), plan
    position = seq.position
    assert position is not None
    if plan.restart is not None:
        assert plan.aligned.holds(plan.restart)
        position = Position(plan.restart, False)
    if plan.exhaust:
        end = plan.aligned.maximum if plan.aligned.increment > 0 else plan.aligned.minimum
        position = Position(end, True)
    assert plan.aligned.holds(plan.aligned.start)
    assert plan.aligned.holds(position.last)
    record = Record(plan.original, plan.aligned, digit, seq.oid, plan.negative, plan.reason)
    return replace(seq, definition=plan.aligned, position=position, record=record)


def drawn(seq: Sequence, count: int = 30) -> list[int]:
    """What nextval() gives, until it fails."""
    values: list[int] = []
    position = seq.position
    assert position is not None
    while len(values) < count and (value := next_value(seq.definition, position)) is not None:
        values.append(value)
        position = Position(value, True)
    return values


def after(seq: Sequence, count: int) -> Sequence:
    """The sequence after some calls of nextval()."""
    values = drawn(seq, count)
    return replace(seq, position=Position(values[-1], True)) if values else seq


@pytest.mark.parametrize(
    ("seq", "site", "maxsites", "expected"),
    [
        (sequence(6432), 1, 10, [64321, 64331]),
        (sequence(6431, True), 1, 10, [64321, 64331]),
        (sequence(6432), 7, 100, [643207, 643307]),
        (sequence(1), 2, 10, [12, 22]),
        (sequence(-1, increment=-1), 1, 10, [-11, -21]),
        (sequence(3, increment=5), 4, 10, [34, 84]),
        (sequence(0, minimum=0), 1, 10, [1, 11]),
        (sequence(1000, increment=-1, minimum=1, maximum=1000), 3, 10, [993, 983]),
        (sequence(-100, minimum=-100, maximum=INT8_MAX), 1, 10, [-99, -89]),
    ],
)
def test_the_rule(seq: Sequence, site: int, maxsites: int, expected: list[int]) -> None:
    assert drawn(aligned(seq, site, maxsites), 2) == expected


def test_rows_beyond_the_sequence_are_passed_without_a_shift() -> None:
    seq = sequence(1)
    got = [drawn(aligned(seq, site, used=Range(1, 1007)), 1)[0] for site in (1, 2, 3)]
    assert got == [1011, 1012, 1013]


def test_a_copy_takes_its_own_digit_without_a_second_shift() -> None:
    first = after(aligned(sequence(101), 1), 1)
    assert first.position == Position(1011, True)
    copy = aligned(replace(first, oid=77), 2)
    assert drawn(copy, 2) == [1012, 1022]
    assert drawn(aligned(replace(copy, oid=5), 3), 2) == [1013, 1023]


@pytest.mark.parametrize("moved", [Position(500, True), Position(500, False), Position(7, True)])
def test_setval_by_the_application_is_repaired(moved: Position) -> None:
    seq = replace(aligned(sequence(1), 1), position=moved)
    repaired = aligned(seq, 1)
    value = drawn(repaired, 1)[0]
    assert value % 10 == 1
    assert 0 < value - moved.last <= 10
    assert repaired.definition == seq.definition


def test_restart_keeps_the_digit() -> None:
    seq = aligned(sequence(1), 4)
    restarted = replace(seq, position=Position(seq.definition.start, False))
    assert seq.definition.start == 4
    assert decide_change(restarted, Digit(4, 10)) is None


def test_what_the_user_alters_later_is_kept_and_aligned() -> None:
    seq = aligned(sequence(1), 1)
    altered = replace(seq, definition=replace(seq.definition, increment=5, cache=20))
    again = aligned(altered, 1)
    assert (again.definition.increment, again.definition.cache) == (50, 20)
    assert again.record
    assert (again.record.original.increment, again.record.original.start) == (5, 1)
    assert decide_change(again, Digit(1, 10)) is None


def test_a_sequence_created_again_is_aligned_like_a_new_one() -> None:
    seq = after(aligned(sequence(900), 1), 5)
    assert drawn(aligned(replace(sequence(3), oid=2, record=seq.record), 1), 2) == [31, 41]


def test_what_was_put_back_is_not_shifted_again() -> None:
    seq = aligned(sequence(900), 1)
    assert seq.record
    for last, called, expected in (
        (9001, False, 9001),
        (9001, True, 9011),
        (9002, False, 9011),
        (9037, True, 9041),
    ):
        position = Position(last, called)
        back = replace(sequence(), position=position, record=replace(seq.record, released=True))
        assert decide_change(back, Digit(1, 10)) == "resumed"
        assert drawn(aligned(back, 1), 1) == [expected]


def test_growth_leaves_used_values_behind() -> None:
    old = {site: after(aligned(sequence(5), site), 40) for site in (1, 2, 3)}
    used = {v for site in old for v in drawn(aligned(sequence(5), site), 40)}
    grown = {site: aligned(seq, site, 100) for site, seq in old.items()}
    grown[11] = aligned(replace(old[1], oid=9), 11, 100)
    grown[10] = aligned(replace(grown[2], oid=9), 10, 100)
    for site, seq in grown.items():
        values = drawn(seq, 100)
        assert {v % 100 for v in values} == {site}
        assert not used & set(values)
        used |= set(values)


def test_growth_moves_on_by_the_factor_that_sites_grow() -> None:
    assert drawn(aligned(aligned(sequence(6432), 1), 1, 100), 2) == [643301, 643401]


def test_a_value_that_was_handed_out_is_not_handed_out_by_a_copy() -> None:
    moved = replace(aligned(sequence(1), 1), position=Position(1012, True))
    assert drawn(aligned(moved, 2), 1) == [1022]


def test_growth_goes_beyond_what_other_sites_say_they_used() -> None:
    behind = replace(after(aligned(sequence(1), 2), 2), oid=9)
    assert drawn(aligned(behind, 11, 100, Range(1, 71)), 1)[0] > 71
    assert drawn(aligned(behind, 11, 100, Range(1, 100_000)), 1)[0] == 100_011


@pytest.mark.parametrize(
    ("seq", "expected"),
    [
        (sequence(2147483620, limits=INT4), [2147483621, 2147483631, 2147483641]),
        (sequence(3000, limits=INT2), [3001, 3011, 3021]),
        (sequence(50, maximum=70), [51, 61]),
        (sequence(2147483620, maximum=INT8_MAX, limits=INT4), [2147483621, 2147483631]),
    ],
)
def test_no_room_for_the_shift(seq: Sequence, expected: list[int]) -> None:
    result = aligned(seq, 1)
    assert drawn(result, 4)[: len(expected)] == expected
    assert result.record
    assert "not shifted" in (result.record.reason or "")
    assert aligned(result, 1) == result


def test_a_sequence_without_own_values_left_ends_instead_of_taking_others() -> None:
    assert drawn(aligned(sequence(2147483642, limits=INT4), 1)) == []
    assert drawn(aligned(sequence(70, True, maximum=70), 1)) == []


def test_a_wrap_keeps_the_digit() -> None:
    seq = sequence(1, maximum=35, cycle=True)
    assert drawn(aligned(seq, 1), 5) == [11, 21, 31, 1, 11]
    assert drawn(aligned(seq, 9), 4) == [19, 29, 9, 19]
    down = sequence(-1, increment=-1, minimum=-35, cycle=True)
    assert drawn(aligned(down, 9), 4) == [-19, -29, -9, -19]


def test_a_range_without_a_value_for_the_site_is_refused() -> None:
    seq = sequence(1, maximum=35, cycle=True)
    plan = plan_alignment(seq, Digit(40, 100), "first", None)
    assert isinstance(plan, Impossible)
    assert "from 1 to 35 ends in 40" in plan.reason


def test_a_wide_increment_in_a_narrow_range_gets_a_smaller_factor() -> None:
    result = aligned(sequence(1000, increment=1000, limits=INT2), 1, 100)
    assert result.definition.increment == 1000
    assert len(drawn(result)) > 20


def test_how_much_is_used_and_left() -> None:
    seq = aligned(sequence(1, limits=INT2), 1, 100)
    assert seq.position
    room = seq.room(seq.definition)
    assert used_percent(seq.definition, seq.position, room) == 0
    assert values_left(seq.definition, seq.position, room) == 327
    assert used_percent(seq.definition, Position(27001, True), room) == 82
    down = sequence(-90, True, increment=-1, minimum=-100)
    assert used_percent(down.definition, Position(-90, True), down.room(down.definition)) == 89


@st.composite
def sequences(draw: st.DrawFn) -> Sequence:
    """Any sequence PostgreSQL would accept, anywhere in its life."""
    limits = draw(st.sampled_from([INT2, INT4, INT8]))
    whole = st.integers(limits.low, limits.high) | st.integers(-300, 300)
    low, high = sorted(draw(st.lists(whole, min_size=2, max_size=2, unique=True)))
    increment = draw(st.integers(-2000, 2000).filter(bool) | st.sampled_from([1, -1]))
    inside = st.integers(low, high)
    definition = Definition(increment, low, high, draw(inside), draw(st.booleans()), 1)
    position = Position(draw(inside), draw(st.booleans()))
    return Sequence("public", "s", 1, "o", True, definition, position, draw(
        st.sampled_from([limits, INT4, INT8])
    ))  # fmt: skip


@given(
    seq=sequences(),
    maxsites=st.sampled_from([10, 100]),
    sites=st.lists(st.integers(1, 9), min_size=2, max_size=4, unique=True),
    held=st.none() | st.integers(-500, 5000),
    moves=st.lists(st.integers(-1000, 1000), max_size=3),
)
def test_no_two_sites_ever_hand_out_the_same(
    seq: Sequence, maxsites: int, sites: list[int], held: int | None, moves: list[int]
) -> None:
    """Aligned from the same dump, moved by setval, aligned again, copied from each other."""
    used = None if held is None else Range(held, held)
    seen: dict[int, int] = {}
    previous = seq
    for site in sites:
        digit = Digit(site, maxsites)
        for source in (seq, replace(previous, oid=site)):
            change = decide_change(source, digit)
            if change and isinstance(plan_alignment(source, digit, change, used), Impossible):
                continue
            here = aligned(source, site, maxsites, used)
            for move in [0, *moves]:
                position = here.position
                assert position is not None
                last = position.last + move
                if here.definition.holds(last) and move:
                    here = aligned(
                        replace(here, position=Position(last, True)), site, maxsites, used
                    )
                assert decide_change(here, digit) is None
                for value in drawn(here, 10):
                    assert seen.setdefault(value, site) == site
            previous = here


@given(seq=sequences(), site=st.integers(1, 9), maxsites=st.sampled_from([10, 100]))
def test_nothing_used_is_handed_out_again(seq: Sequence, site: int, maxsites: int) -> None:
    plan = plan_alignment(seq, Digit(site, maxsites), "first", None)
    if isinstance(plan, Impossible) or seq.definition.cycle:
        return
    assert seq.position
    direction = seq.definition.direction
    edge = seq.position.last * direction + (0 if seq.position.called else -1)
    assert all(value * direction > edge for value in drawn(aligned(seq, site, maxsites)))
