"""Whether the version that lost a conflict can be written back, and what is to be written."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

Row = Mapping[str, str | None]
"""Text of each column by its name."""

FOLLOWS_TO_NULL = "children follow a deleted parent (SET NULL)"
"""The rule after which a row stands that is not recorded: the one that lost, less its reference."""

BY_COLUMN = "the later version of each column stays"
"""The rule of a clash of some columns, in which alone the two recorded rows differ: the others may
be written meanwhile, and stay so."""

PARENT_KEPT = "a delete loses against a child"
"""The rule after which a row may stand that is not recorded, because it had been deleted."""

ADDITIONS_LOST = "what is added to a row counts until it is inserted anew"
"""The rule after which sums are lost, and no row."""


@dataclass(frozen=True)
class Clash:
    """What decides of a conflict. A row is None where it was a delete.

    Attributes:
        winner: the row that stayed; where `merged`, another row than the one that lost.
        loser: the row that lost.
        merged: the row that lost was removed because another one has its unique value.
        rule: as logged.
        undone: when and by whom it was undone, in words; "" where it was not.
    """

    winner: Row | None
    loser: Row | None
    merged: bool
    rule: str
    undone: str = ""


@dataclass(frozen=True)
class Write:
    """What writes the version back: `columns` are written with the values that lost."""

    verb: Literal["insert", "update", "delete"]
    columns: Sequence[str] = ()


@dataclass(frozen=True)
class Refusal:
    """Why it is not written back, and what to do. may_force: --force writes it all the same."""

    reason: str
    hint: str = ""
    may_force: bool = False


def decide_undo(
    clash: Clash,
    now: Row | None,
    *,
    clears: Collection[str] = (),
    counters: Collection[str] = (),
    force: bool = False,
) -> Write | Refusal:
    """What to write so that the version that lost stands again.

    Args:
        clash: the conflict.
        now: the row with that key as it is now, with those columns of it that are still there.
        clears: columns that the broken foreign key sets to null.
        counters: columns that add up: they lost nothing; a row that is there keeps them.
        force: write also where the row was changed since, or the conflict was undone before.
    """
    if clash.rule == ADDITIONS_LOST:
        return Refusal(
            "what was added to the counters of an older row is lost with it: no row lost",
            "`bondreplicate conflicts show` tells how much: add it with an UPDATE, if it is due",
        )
    if now is not None:
        clash = _without(clash, counters)
    if clash.rule == BY_COLUMN and now is not None:
        clash = _clashed(clash)
    if clash.undone and not force:
        return Refusal(f"it was undone already, {clash.undone}", may_force=True)
    if clash.loser is None and now is None:
        return Refusal(
            "a delete lost, and the row is not there: there is nothing to write",
            "there is nothing to do, with --force either",
        )
    if now is not None and clash.loser is not None and not _differing(clash.loser, now):
        return Refusal(
            "the row is as the version that lost already: undone at another site, or written since",
            "there is nothing to do, with --force either",
        )
    if not force and (change := find_change(clash, now, clears)):
        return Refusal(f"the row was changed since: {change}", may_force=True)
    if clash.loser is None:
        return Write("delete")
    if now is None:
        return Write("insert", list(clash.loser))
    return Write("update", _differing(clash.loser, now))


def _without(clash: Clash, names: Collection[str]) -> Clash:
    """The conflict without some columns of its rows."""
    winner, loser = (
        None if row is None else {n: v for n, v in row.items() if n not in names}
        for row in (clash.winner, clash.loser)
    )
    return replace(clash, winner=winner, loser=loser)


def _clashed(clash: Clash) -> Clash:
    """The conflict of some columns of a row that is there, told by these alone."""
    won, lost = clash.winner or {}, clash.loser or {}
    names = [name for name, value in lost.items() if name not in won or won[name] != value]
    return replace(
        clash,
        winner={name: won[name] for name in names if name in won},
        loser={name: lost[name] for name in names},
    )


def find_change(clash: Clash, now: Row | None, clears: Collection[str]) -> str:
    """How the row differs from what stood after the conflict, in words; "" where it does not."""
    if clash.merged:
        return "" if now is None else "there is a row with that key again"
    if clash.rule == FOLLOWS_TO_NULL and clash.loser is not None:
        return _changed({n: None if n in clears else v for n, v in clash.loser.items()}, now)
    if clash.rule == PARENT_KEPT and clash.winner is None:
        return "" if now is not None else "it is not there any more"
    if clash.winner is None:
        return "" if now is None else "a delete stayed, and it is there again"
    return _changed(clash.winner, now)


def _changed(stood: Row, now: Row | None) -> str:
    if now is None:
        return "it is not there any more"
    return ", ".join(_differing(stood, now))


def _differing(row: Row, now: Row) -> list[str]:
    """Columns of a row that have another value now, or are not there."""
    return [name for name, value in row.items() if name not in now or now[name] != value]
