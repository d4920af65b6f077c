"""Whether the version that lost can be written back: every case of what stood and what stands."""

import pytest

from bondreplicate.core.ages import parse_age_s, tell_age
from bondreplicate.core.undo import (
    ADDITIONS_LOST,
    BY_COLUMN,
    FOLLOWS_TO_NULL,
    PARENT_KEPT,
    Clash,
    Refusal,
    Write,
    decide_undo,
)

WON = {"id": "1", "name": "won", "ref": None}
LOST = {"id": "1", "name": "lost", "ref": "7"}
OTHER = {"id": "1", "name": "other", "ref": None}
CLEARED = {**LOST, "ref": None}


def clash(won=WON, lost=LOST, *, merged=False, rule="", undone=""):
    return Clash(won, lost, merged, rule, undone)


UPDATE = Write("update", ["name", "ref"])
NAME = Write("update", ["name"])
INSERT = Write("insert", ["id", "name", "ref"])
DELETE = Write("delete")


@pytest.mark.parametrize(
    ("conflict", "now", "write"),
    [
        (clash(), WON, UPDATE),
        (clash(won=None), None, INSERT),
        (clash(lost=None), WON, DELETE),
        (clash(merged=True), None, INSERT),
        (clash(won=None, rule=FOLLOWS_TO_NULL), CLEARED, Write("update", ["ref"])),
        (clash(won=None, lost=None, rule=PARENT_KEPT), OTHER, DELETE),
        # Columns that did not clash may have been written since: they stay as they are.
        (clash({**WON, "ref": "7"}, rule=BY_COLUMN), WON, Write("update", ["name"])),
    ],
)
def test_what_is_as_the_conflict_left_it_is_written(conflict, now, write):
    assert decide_undo(conflict, now, clears=["ref"]) == write


@pytest.mark.parametrize(
    ("conflict", "now", "why", "forced"),
    [
        (clash(), OTHER, "since: name", UPDATE),
        (clash(), None, "it is not there any more", INSERT),
        (clash(), {"id": "1", "name": "won"}, "since: ref", UPDATE),
        (clash(won=None), OTHER, "it is there again", UPDATE),
        (clash(lost=None), OTHER, "since: name", DELETE),
        (clash(merged=True), WON, "a row with that key again", UPDATE),
        (clash(won=None, rule=FOLLOWS_TO_NULL), {**CLEARED, "name": "x"}, "since: name", UPDATE),
        (clash({**WON, "ref": "7"}, rule=BY_COLUMN), OTHER, "since: name", NAME),
        (clash(undone="yesterday"), WON, "undone already, yesterday", UPDATE),
    ],
)
def test_what_was_changed_since_is_written_by_force(conflict, now, why, forced):
    refusal = decide_undo(conflict, now, clears=["ref"])
    assert isinstance(refusal, Refusal)
    assert why in refusal.reason
    assert refusal.may_force
    assert decide_undo(conflict, now, clears=["ref"], force=True) == forced


@pytest.mark.parametrize(
    ("conflict", "now"),
    [
        (clash(), LOST),
        (clash(), {**LOST, "added": "5"}),
        (clash(lost=None), None),
        (clash(won=None, lost=None, rule=PARENT_KEPT), None),
    ],
)
@pytest.mark.parametrize("force", [False, True])
def test_nothing_is_written_where_it_stands_already(conflict, now, force):
    refusal = decide_undo(conflict, now, force=force)
    assert isinstance(refusal, Refusal)
    assert not refusal.may_force


def test_ages_are_read_and_told():
    assert [parse_age_s(t) for t in ("30d", "12h", " 1.5 m", "0s", "2w")] == [
        30 * 86400,
        12 * 3600,
        90,
        0,
        14 * 86400,
    ]
    for wrong in ("", "30", "d", "-1d", "1y", "1d2h", "1e9d", "99999w", "٣d", "nan d"):
        assert parse_age_s(wrong) is None, wrong
    assert [tell_age(s) for s in (-5, 1, 59, 60, 7300, 86400, 86400 * 9)] == [
        "0 seconds",
        "1 second",
        "59 seconds",
        "1 minute",
        "2 hours",
        "1 day",
        "9 days",
    ]


def test_counters_lost_nothing_and_are_not_written():
    won, lost = {"id": "1", "name": "won", "n": "5"}, {"id": "1", "name": "lost", "n": "5"}
    now = {"id": "1", "name": "won", "n": "7"}
    assert decide_undo(Clash(won, lost, False, ""), now, counters=["n"]) == NAME
    insert = Write("insert", ["id", "name", "n"])
    assert decide_undo(Clash(None, lost, False, ""), None, counters=["n"]) == insert
    refused = decide_undo(Clash(won, None, False, ADDITIONS_LOST), now)
    assert isinstance(refused, Refusal)
    assert not refused.may_force
