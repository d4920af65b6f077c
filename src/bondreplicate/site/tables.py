"""The tables of this database: as they are, as they are listed, as they are captured."""

from __future__ import annotations

from dataclasses import dataclass, field

from bondreplicate.border.database import (
    Connection,
    dicts,
    rows,
    value,
)
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.following import (
    DROPPED,
    Captured,
    Gap,
    Listed,
    keep_owed,
    merge_as_listed,
)
from bondreplicate.core.policies import Policy
from bondreplicate.core.shapes import Shape, TableName, shape_of


@dataclass(frozen=True)
class Tables:
    """The replicated tables of a site at one revision: id to shape.

    Attributes:
        others: tables that are not replicated; their foreign keys hold all the same.
        numbers: ids of all tables that are there, or may be, replicated or not.
        closed: ids of those that send, and take nothing: they are or were disabled, are being
            released, or their rows are still to be logged, and what came would replace them without
            a word.
        hidden: replicated tables that could not be looked at, because somebody keeps them locked.
    """

    revision: int
    shapes: dict[int, Shape] = field(default_factory=dict)
    disabled: frozenset[TableName] = frozenset()
    others: tuple[Shape, ...] = ()
    numbers: frozenset[int] = frozenset()
    closed: frozenset[int] = frozenset()
    hidden: frozenset[TableName] = frozenset()

    def known(self) -> dict[TableName, tuple[int, Shape]]:
        """Those that take changes, by name."""
        return {s.name: (tab, s) for tab, s in self.shapes.items() if tab not in self.closed}

    def names(self) -> list[TableName]:
        """Of all tables, replicated or not."""
        return [shape.name for shape in (*self.shapes.values(), *self.others)]


def fetch_shapes(connection: Connection) -> list[Shape]:
    """Every table of the database; reads catalogs only."""
    return [shape_of(row) for row in dicts(connection, query("table_shapes"))]


def fetch_followed(connection: Connection) -> list[Shape]:
    """Every table of the database, with the key that its changes are told by."""
    listed = {row.relid: row for row in fetch_listed(connection)}
    rows_of = [(shape, listed.get(shape.oid)) for shape in fetch_shapes(connection)]
    return [keep_owed(merge_as_listed(shape, row), row) for shape, row in rows_of]


def fetch_captured(connection: Connection) -> dict[int, Captured]:
    """The capture triggers of each table that has any, by its oid."""
    return {r.oid: Captured(r.triggers, r.mark) for r in rows(connection, query("tables_captured"))}


def fetch_tables(connection: Connection) -> Tables:
    """The replicated tables of a site, as they are now; also of another site."""
    revision = value(connection, query("tables_revision"))
    # By oid: where a table was renamed a moment ago, its old name may be another's.
    shapes = {s.oid: s for s in fetch_followed(connection)}
    listed = fetch_listed(connection)
    # What is owed is sent also while a table has no triggers: it is not to be passed over.
    active = {r.id: shapes[r.relid] for r in listed if (r.active or r.owed) and r.relid in shapes}
    usable = {t: shape for t, shape in active.items() if not shape.why_not and not shape.hidden}
    disabled = frozenset(r.name for r in listed if not r.enabled)
    taken = {shape.oid for shape in usable.values()}
    others = tuple(shape for oid, shape in shapes.items() if oid not in taken)
    numbers = frozenset(
        r.id for r in listed if r.relid in shapes or (r.relid is None and r.reason != DROPPED)
    )
    closed = frozenset(r.id for r in listed if r.owed or r.gap is not None or r.was_disabled)
    hidden = frozenset(s.name for s in active.values() if s.hidden)
    return Tables(revision, usable, disabled, others, numbers, closed, hidden)


def fetch_listed(connection: Connection) -> list[Listed]:
    """The rows of replicate_tables."""
    return [
        Listed(
            r.id,
            (r.schema_name, r.table_name),
            r.enabled,
            r.active,
            r.reason,
            r.relid,
            r.shape,
            tuple(r.key_numbers),
            tuple(r.key_operators),
            tuple(r.key_types),
            r.owed,
            None if r.gap_xid is None else Gap(r.gap_stamp, int(r.gap_xid)),
            r.triggers,
            r.resolve,
            r.merges,
            r.unmerged,
            Policy(r.policy, tuple(r.priority), r.hook or "", r.made_of or ""),
            tuple(r.counters),
            tuple(r.counted),
            r.counters_begun,
        )
        for r in rows(connection, query("tables_listed"))
    ]
