"""Which table of the origin is which at the target, and what both have: decided by name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bondreplicate.core.policies import LATEST, Policy
from bondreplicate.core.shapes import Shape, TableName
from bondreplicate.core.words import counted


@dataclass(frozen=True)
class Mapped:
    """A table of the origin as the target takes it.

    Attributes:
        tab: its id at the target; negative where it is held.
        columns: names of the values that travel, in order.
        held: why its changes have to wait at the target, "" where they need not.
        policy: which of two concurrent changes stays: latest where both sites do not say alike.
    """

    tab: int
    columns: tuple[str, ...]
    held: str = ""
    policy: Policy = LATEST


def map_table(shape: Shape, tab: int, target: tuple[int, Shape] | None, why_not: str) -> Mapped:
    """How changes of one table reach the target.

    Args:
        shape: the table at the origin.
        tab: its id there.
        target: id and shape of the table of that name at the target; None where it is not
            replicated.
        why_not: why it is not.
    """
    own = tuple(c.name for c in shape.travelling)
    if target is None:
        return Mapped(-tab, own, why_not)
    there = {c.name for c in target[1].travelling}
    missing = [name for name in own if name not in there]
    name = ".".join(shape.name)
    if missing:
        return Mapped(-tab, own, f"{name} has no column {', '.join(missing)} here")
    if shape.key != target[1].key:
        theirs, ours = ", ".join(shape.key), ", ".join(target[1].key)
        return Mapped(-tab, own, f"the key of {name} is {ours} here, {theirs} at the origin")
    if reason := _merges_otherwise(shape, target[1]) or _counts_otherwise(shape, target[1]):
        return Mapped(-tab, own, reason)
    for column in shape.travelling:
        here = target[1].column(column.name)
        if _rounds(column.stored, here.stored):
            what = f"{name}.{column.name} is {here.stored} here, {column.stored} at the origin"
            return Mapped(-tab, own, f"{what}: its values would be changed")
    columns = tuple(c.name for c in target[1].travelling if c.name in own)
    policy = shape.policy if shape.policy == target[1].policy and shape.policy.usable else LATEST
    return Mapped(target[0], columns, policy=policy)


def _merges_otherwise(origin: Shape, target: Shape) -> str:
    """Why changes wait where two sites would merge them in different ways; "" where they do not."""
    name = ".".join(origin.name)
    if origin.resolve != target.resolve:
        ways = f"by {target.resolve} here, by {origin.resolve} at the origin"
        return f"{name} is merged {ways}: set resolve alike at both"
    if origin.merges != target.merges:
        return f"{name} is merged by column until changes of single columns are everywhere"
    return ""


TAKE_BACK = "take them back where that is less often (--none), then say them again"


def _counts_otherwise(origin: Shape, target: Shape) -> str:
    """Why changes wait where two sites add up other columns; "" where they do not."""
    theirs, ours = sorted(origin.counted), sorted(target.counted)
    name = ".".join(origin.name)
    if theirs == ours:
        if not ours or origin.begun == target.begun:
            return ""
        times = f"begun {counted(target.begun, 'time')} here, {origin.begun} at the origin"
        return f"counters of {name}: {times}: {TAKE_BACK}"
    here, there = ", ".join(ours) or "none", ", ".join(theirs) or "none"
    counters = f"counters of {name} in effect: {here} here, {there} at the origin"
    return f"{counters}: set them alike at both, and pause what writes to it for some seconds"


def _rounds(theirs: str, ours: str) -> bool:
    """Whether values of their type are changed by ours without an error."""
    (was, digits), (now, kept) = _parts(theirs), _parts(ours)
    if was == now and was.startswith(("time", "interval", "numeric")):
        digits = 6 if digits is None and not was.startswith("numeric") else digits
        return kept is not None and (digits is None or digits > kept)
    return (was, now) in {("double precision", "real"), ("numeric", "real")} or (
        was.startswith("timestamp") and now == "date"
    )


def _parts(stored: str) -> tuple[str, int | None]:
    """A type without precision, and how many digits after the point it keeps; None: all."""
    found = re.search(r"\((?:\d+,)?(-?\d+)\)", stored)
    if found is None:
        return stored, None
    digits = 0 if stored.startswith("numeric(") and "," not in stored else int(found[1])
    return stored.replace(found[0], ""), digits


def map_tables(
    origin: Mapping[int, Shape],
    target: Mapping[TableName, tuple[int, Shape]],
    disabled: frozenset[TableName],
    hidden: frozenset[TableName] = frozenset(),
) -> dict[int, Mapped]:
    """How changes of each table of the origin reach the target; none for those disabled there."""
    return {
        tab: map_table(
            shape,
            tab,
            target.get(shape.name),
            f"{'.'.join(shape.name)} is locked here (ACCESS EXCLUSIVE): it cannot be looked at"
            if shape.name in hidden
            else f"there is no replicated table {'.'.join(shape.name)} here",
        )
        for tab, shape in origin.items()
        if shape.name not in disabled
    }
