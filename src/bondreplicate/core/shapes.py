"""What a table looks like to replication, and whether it can be replicated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from bondreplicate.core.groups import group_columns
from bondreplicate.core.policies import LATEST, Policy

TableName = tuple[str, str]
"""Schema and name."""

CAPTURED_AS = 5
"""Counts the forms of the capture triggers: after an upgrade sites make theirs anew."""

ROW, COLUMN = "row", "column"
"""What stays of two concurrent changes of a row: the later row, or the later of each column."""

NO_KEY = "no primary key and no unique key without null: add one"
PERIOD_KEY = "its key is WITHOUT OVERLAPS: not replicated yet; add a unique key without null"
LATE_KEY = "its key is deferrable: add a unique key without null that is not"
NO_KEYS = frozenset({NO_KEY, PERIOD_KEY, LATE_KEY})
TEXT_CAST = "column {} is of a type with a cast from text that is a function: drop the cast"
PERIOD_FK = "it has, or is referenced by, a foreign key with PERIOD: not replicated yet"


@dataclass(frozen=True)
class Column:
    """A column. `type` is as the server writes it, qualified; `generated`: it computes itself.

    `expression`: from what it is generated. `number`: it keeps that when it is renamed.
    `stored`: its type with precision, of a domain what it rests on. `of_users`: its type is not one
    of the server's own. `text_cast`: whoever made it made a cast from text, too.
    """

    name: str
    type: str
    generated: bool
    always: bool
    hashable: bool
    expression: str | None = None
    number: int = 0
    not_null: bool = False
    stored: str = ""
    of_users: bool = False
    text_cast: bool = False


@dataclass(frozen=True)
class Unique:
    """A unique index or exclusion constraint: expressions (or quoted columns) and operators."""

    name: str
    expressions: tuple[str, ...]
    columns: tuple[str | None, ...]
    operators: tuple[str | None, ...]
    predicate: str | None
    nulls_equal: bool
    immediate: bool
    is_key: bool


@dataclass(frozen=True)
class ForeignKey:
    """A validated foreign key. `action` is pg_constraint.confdeltype: a, r, c, n or d.

    `clears`: the columns that ON DELETE SET NULL or SET DEFAULT sets; `defaults`: to what, as
    expressions; None: null. `full`: MATCH FULL.
    """

    name: str
    action: str
    parent: TableName
    columns: tuple[str, ...]
    parent_columns: tuple[str, ...]
    operators: tuple[str, ...]
    clears: tuple[str, ...] = ()
    defaults: tuple[str | None, ...] = ()
    full: bool = False


@dataclass(frozen=True)
class Shape:
    """A table that exists.

    Attributes:
        why_not: why it cannot be replicated, "" where it can.
        hidden: somebody keeps it for himself, and its expressions are missing here.
        together: names of columns that one constraint, index or generated column ties.
        resolve: how concurrent changes of a row are merged, as users wish it: row, column.
        merges: the same, in effect.
        policy: which of two concurrent changes of a row stays.
        counters: columns to which the changes of all sites add up, as users wish it.
        counted: the same, in effect; begun: how often they were begun here.
        width: number of its last column, of those dropped too.
    """

    oid: int
    name: TableName
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    key_operators: tuple[str, ...]
    uniques: tuple[Unique, ...]
    foreign_keys: tuple[ForeignKey, ...]
    why_not: str
    hidden: bool = field(default=False, repr=False)
    together: tuple[tuple[str, ...], ...] = field(default=(), repr=False)
    resolve: str = field(default=ROW, repr=False)
    merges: str = field(default=ROW, repr=False)
    policy: Policy = field(default=LATEST, repr=False)
    width: int = field(default=0, repr=False)
    counters: tuple[str, ...] = field(default=(), repr=False)
    counted: tuple[str, ...] = field(default=(), repr=False)
    begun: int = field(default=0, repr=False)

    @property
    def travelling(self) -> tuple[Column, ...]:
        """The columns whose values are sent: all but generated ones, which each site computes."""
        return tuple(c for c in self.columns if not c.generated)

    @property
    def digest(self) -> str:
        """Changes when capture functions or apply functions have to be made again."""
        known = f"{CAPTURED_AS} {self!r}"
        if self.by_column or self.resolve != ROW:
            known += f" {self.together} {self.resolve} {self.merges} {self.width}"
        if self.policy != LATEST:
            known += f" {self.policy!r}"
        if self.counted:
            known += f" {self.counted} {self.begun}"
        return hashlib.sha256(known.encode()).hexdigest()[:16]

    @property
    def by_column(self) -> bool:
        """Whether concurrent changes of different columns are both kept."""
        return self.merges == COLUMN

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """By travelling column, the columns that it is merged with."""
        return group_columns([c.name for c in self.travelling], self.key, self.together)

    @property
    def ties(self) -> str:
        """Changes when foreign keys do: all that matters of a table that is not replicated."""
        return hashlib.sha256(repr(self.foreign_keys).encode()).hexdigest()[:16]

    @property
    def layout(self) -> str:
        """Changes when a row that was sent is not the same row any more: columns, their types."""
        columns = [(c.name, c.number, c.type) for c in self.travelling]
        return hashlib.sha256(repr(columns).encode()).hexdigest()[:16]

    @property
    def key_types(self) -> tuple[str, ...]:
        """Types of the columns of the key."""
        return tuple(self.column(name).type for name in self.key)

    @property
    def key_is_loose(self) -> bool:
        """Whether nothing keeps two rows from having the same key, or one from having none."""
        unique = (
            set(u.columns) <= set(self.key) and u.predicate is None and u.immediate
            for u in self.uniques
        )
        return not any(unique) or not all(self.column(name).not_null for name in self.key)

    @property
    def key_numbers(self) -> tuple[int, ...]:
        """Numbers of the columns of the key."""
        return tuple(self.column(name).number for name in self.key)

    def keyed_by(self, numbers: Sequence[int], operators: Sequence[str]) -> Shape | None:
        """The table with other columns as its key, even a loose one; None where one is gone."""
        by_number = {c.number: c for c in self.columns if not c.generated}
        if not set(numbers) <= set(by_number):
            return None
        names = tuple(by_number[n].name for n in numbers)
        uniques = tuple(replace(u, is_key=u.is_key and u.columns == names) for u in self.uniques)
        return replace(self, key=names, key_operators=tuple(operators), uniques=uniques, why_not="")

    def numbers_of(self, names: Sequence[str]) -> list[int]:
        """Numbers of columns."""
        return [self.column(name).number for name in names]

    def groups_of(self, names: Sequence[str]) -> list[int]:
        """For each column the number of the first that it is merged with."""
        groups = self.groups
        return [self.column(groups[name][0]).number for name in names]

    def column(self, name: str) -> Column:
        """The column of that name; KeyError where there is none."""
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)


def shape_of(row: dict[str, Any]) -> Shape:
    """A Shape from a row of `queries/table_shapes.sql`."""
    columns = tuple(Column(**c) for c in _json(row["columns"]))
    indexes = _json(row["uniques"])
    key = next((u for u in indexes if _is_key(u)), None)
    parts = key["parts"] if key else []
    return Shape(
        oid=row["oid"],
        name=(row["schema_name"], row["table_name"]),
        columns=columns,
        key=tuple(p["column"] for p in parts),
        key_operators=tuple(p["operator"] for p in parts),
        uniques=tuple(_unique(u, u is key) for u in indexes),
        foreign_keys=tuple(_foreign_key(f) for f in _json(row["foreign_keys"])),
        why_not=_why_not(row, columns, indexes, bool(key)),
        hidden=row["hidden"],
        together=tuple(tuple(tied) for tied in _json(row["together"])),
        width=row["width"],
    )


def _json(value: Any) -> list[Any]:
    return json.loads(value) if isinstance(value, str) else value


def _is_key(index: dict[str, Any]) -> bool:
    usable = index["immediate"] and not index["special"] and not index["exclusion"]
    return usable and index["not_null"] and all(p["operator"] for p in index["parts"])


def _unique(index: dict[str, Any], is_key: bool) -> Unique:
    return Unique(
        name=index["name"],
        expressions=tuple(p["expression"] for p in index["parts"]),
        columns=tuple(p["column"] for p in index["parts"]),
        operators=tuple(p["operator"] for p in index["parts"]),
        predicate=index["predicate"],
        nulls_equal=index["nulls_equal"],
        immediate=index["immediate"],
        is_key=is_key,
    )


def _foreign_key(key: dict[str, Any]) -> ForeignKey:
    return ForeignKey(
        name=key["name"],
        action=key["action"],
        parent=(key["parent_schema"], key["parent_table"]),
        columns=tuple(key["columns"]),
        parent_columns=tuple(key["parent_columns"]),
        operators=tuple(key["operators"]),
        clears=tuple(key["clears"]),
        defaults=tuple(key["defaults"]),
        full=key["full"],
    )


def _why_no_key(indexes: Sequence[dict[str, Any]]) -> str:
    """Why nothing tells the rows of a table apart, though it may have a primary key."""
    primary = next((u for u in indexes if u["primary"]), None)
    if primary is None:
        return NO_KEY
    return PERIOD_KEY if primary["exclusion"] else NO_KEY if primary["immediate"] else LATE_KEY


def _why_not(
    row: dict[str, Any],
    columns: Sequence[Column],
    indexes: Sequence[dict[str, Any]],
    has_key: bool,
) -> str:
    """Why a table cannot be replicated; the first reason that holds, "" where there is none."""
    foreign = ", ".join(c.name for c in columns if c.text_cast)
    reasons = (
        (row["kind"] == "f", "foreign table: its rows live elsewhere"),
        (row["persistence"] == "u", "unlogged table: it is empty after a crash"),
        (row["is_partition"], "partition: not replicated yet"),
        (row["kind"] == "p", "partitioned table: not replicated yet"),
        (row["has_children"] or row["is_child"], "inheritance: not replicated yet"),
        (bool(foreign), TEXT_CAST.format(foreign)),
        (row["has_period"], PERIOD_FK),
        (not has_key, _why_no_key(indexes)),
    )
    return next((reason for holds, reason in reasons if holds), "")
