"""Which tables get capture triggers, lose them, or are noted.

Decided from the catalogs and replicate_tables.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum

from bondreplicate.core.counters import times_begun, why_not_counted
from bondreplicate.core.policies import LATEST, Policy
from bondreplicate.core.shapes import COLUMN, NO_KEYS, ROW, Shape, TableName

DISABLED = "disabled in replicate_tables"
DROPPED = "the table is not there any more"
DOWN = "replication is down"
"""As replicate_down() writes it."""
OWED = "; what was captured before is on its way to the other sites"


@dataclass(frozen=True)
class Gap:
    """A time in which a table was not captured.

    stamp: for the rows that were written meanwhile. xid: the oldest transaction that may have
    written them; 0: all rows are meant.
    """

    stamp: datetime
    xid: int


@dataclass(frozen=True)
class Captured:
    """Capture triggers of a table: how many work, and what shows whether one was altered."""

    triggers: int = 0
    mark: str | None = None


@dataclass(frozen=True)
class Listed:
    """A row of replicate_tables.

    `owed`: released, and not every site has what was captured before. `gap`: rows still to be
    logged. `triggers`: the mark of the triggers, as they were made. `unmerged`: changes of single
    columns are not everywhere yet.
    """

    id: int
    name: TableName
    enabled: bool
    active: bool
    reason: str | None
    relid: int | None
    shape: str | None
    key_numbers: tuple[int, ...] = ()
    key_operators: tuple[str, ...] = ()
    key_types: tuple[str, ...] = ()
    owed: bool = False
    gap: Gap | None = None
    triggers: str | None = None
    resolve: str = ROW
    merges: str = ROW
    unmerged: bool = False
    policy: Policy = LATEST
    counters: tuple[str, ...] = ()
    counted: tuple[str, ...] = ()
    begun: Mapping[str, int] = field(default_factory=dict)

    @property
    def was_disabled(self) -> bool:
        """Whether its user had disabled it."""
        return (self.reason or "").startswith(DISABLED)


class Step(Enum):
    """What is to be done with a table."""

    ATTACH = "attach"  # make triggers; then its rows are logged unless this is the first start
    FILL = "fill"  # log rows that were written while there were no triggers
    REFRESH = "refresh"  # it looks different: note it, and make the triggers again
    COUNT = "count"  # other columns are counters, as soon as nothing of it is on its way
    REKEY = "rekey"  # the same with another key, as soon as nobody waits for what the old one named
    RELEASE = "release"  # drop triggers; it is active until all sites have what was captured
    NOTE = "note"  # list it, with the reason why it is not replicated
    FORGET = "forget"  # it was dropped


@dataclass(frozen=True)
class Task:
    """A step for a table. `shape` is None where the table is gone, `listed` where it is new.

    `interrupted`: somebody had switched its triggers off.
    """

    step: Step
    shape: Shape | None
    listed: Listed | None
    reason: str | None = None
    interrupted: bool = False

    @property
    def renames_keys(self) -> bool:
        """Whether what is in the log of the table is told by another key than will be from now."""
        row, shape = self.listed, self.shape
        if row is None or shape is None or self.replaces or not row.key_numbers:
            return False
        return (row.key_numbers, row.key_types) != (shape.key_numbers, shape.key_types)

    @property
    def replaces(self) -> bool:
        """Whether the table has the name of another one, which was dropped."""
        row, shape = self.listed, self.shape
        if row is None or shape is None:
            return False
        return row.reason == DROPPED or row.relid not in (None, shape.oid)


def keep_key(shape: Shape, row: Listed | None) -> Shape:
    """The table with the key that its changes are logged by, which may be its key of before.

    What is on its way is named by the old key: if the new one were followed at once, deletes would
    be lost and updates undone. A table whose key is taken away is followed by it still.

    Args:
        shape: as the table is.
        row: as it is listed.
    """
    if row is None or row.relid != shape.oid or not row.key_numbers:
        return shape
    if not (row.active or row.owed):
        return shape
    if shape.why_not not in {"", *NO_KEYS} or shape.key_numbers == row.key_numbers:
        return shape
    return shape.keyed_by(row.key_numbers, row.key_operators) or shape


def keep_owed(shape: Shape, row: Listed | None) -> Shape:
    """The table as its changes are sent: one that is released, as it was when it was captured.

    Args:
        shape: as the table is.
        row: as it is listed.
    """
    if row is None or not row.owed or row.relid != shape.oid:
        return keep_key(shape, row)
    return former_shape(shape, row) or shape


def former_shape(shape: Shape, row: Listed) -> Shape | None:
    """The table with the key that it is listed with; None where that cannot be told any more."""
    former = shape.keyed_by(row.key_numbers, row.key_operators) if row.key_numbers else None
    return former if former and former.key_types == row.key_types else None


def merge_as_listed(shape: Shape, row: Listed | None) -> Shape:
    """The table with the way in which its rows are merged, as replicate_tables has it."""
    if row is None:
        return shape
    listed = replace(shape, resolve=row.resolve, merges=row.merges, policy=row.policy)
    return _count_as_listed(listed, row)


def _count_as_listed(shape: Shape, row: Listed) -> Shape:
    """The table with its counters, as long as all of them can be counted."""
    counted = () if why_not_counted(shape, row.counted) else row.counted
    begun = times_begun(row.begun, counted)
    return replace(shape, counters=row.counters, counted=counted, begun=begun)


def count_as_wished(shape: Shape, row: Listed) -> Shape:
    """The table with the counters that it is to have, if it can, begun once more."""
    wished = _count_as_listed(shape, replace(row, counted=row.counters))
    return replace(wished, begun=wished.begun + 1) if wished.counted else wished


def merge_as_wished(shape: Shape, row: Listed | None) -> Shape:
    """The same, as it has to be from now on.

    By column as soon as that is wished, because a change of a whole row is one of all its columns;
    by row as soon as no change of single columns is under way any more.
    """
    if row is None:
        return shape
    wanted = COLUMN if row.resolve == COLUMN or row.unmerged else ROW
    wished = replace(shape, resolve=row.resolve, merges=wanted, policy=row.policy)
    return _count_as_listed(wished, row)


def plan_tables(
    shapes: Sequence[Shape], listed: Iterable[Listed], captured: Mapping[int, Captured]
) -> list[Task]:
    """What has to be done so that replicate_tables and the triggers fit the tables that exist.

    Args:
        shapes: the tables that exist.
        listed: the rows of replicate_tables.
        captured: the capture triggers by oid of the table.

    Returns:
        Tasks, empty where everything fits; renamed tables keep their row, by oid.
    """
    rows = list(listed)
    here = {s.oid for s in shapes}
    by_relid = {row.relid: row for row in rows if row.relid in here}
    by_name = {row.name: row for row in rows if row.relid not in here}
    tasks, met = [], set[int]()
    for shape in shapes:
        row = by_relid.get(shape.oid) or by_name.get(shape.name)
        if row:
            met.add(row.id)
        task = _task(shape, row, captured.get(shape.oid, Captured()))
        if task:
            tasks.append(task)
    gone = [row for row in rows if row.id not in met and (row.active or row.reason != DROPPED)]
    return [Task(Step.FORGET, None, row, DROPPED) for row in gone] + tasks


TRIGGERS = 5


def _task(shape: Shape, row: Listed | None, now: Captured) -> Task | None:
    is_now = merge_as_wished(shape, row)
    shape = keep_key(is_now, row)
    why_not = DISABLED if row and not row.enabled else shape.why_not
    if why_not:
        if now.triggers or (row and (row.active or row.owed)):
            return Task(Step.RELEASE, shape, row, why_not)
        noted = row and (row.reason, row.relid, row.name, row.shape)
        fits = noted == (why_not, shape.oid, shape.name, shape.ties)
        return None if fits else Task(Step.NOTE, shape, row, why_not)
    recreated = row is not None and row.relid not in (None, shape.oid) and not now.triggers
    if row is None or not row.active or row.owed or recreated:
        return Task(Step.ATTACH, shape, row)
    fits = (row.shape, row.relid, row.name) == (shape.digest, shape.oid, shape.name)
    reason = _why_old_key(shape, is_now) or why_not_counted(shape, shape.counters) or None
    interrupted = row.triggers not in (None, now.mark)
    if not fits or now.triggers != TRIGGERS or row.reason != reason or interrupted:
        return Task(Step.REFRESH, shape, row, reason, interrupted)
    if row.gap is not None:
        return Task(Step.FILL, shape, row)
    if shape is not is_now and is_now.key:
        return Task(Step.REKEY, is_now, row)
    counts = count_as_wished(shape, row)
    return Task(Step.COUNT, counts, row, reason) if counts.counted != row.counted else None


def _why_old_key(shape: Shape, is_now: Shape) -> str | None:
    if shape is is_now:
        return None
    new, old = ", ".join(is_now.key), ", ".join(shape.key)
    if not new:
        return f"its key was dropped: followed by {old}, which was its key"
    return f"its key is {new} now: followed by {old} until all sites have what was changed by it"
