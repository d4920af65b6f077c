"""Pieces of SQL about the keys and values of one table; nothing here talks to a database.

In templates, `r` is a row of a transition table, `t` a row of the table, `s` a staged row, `l` an
entry of replicate_log, `k` a key to extract, `m` a met version.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import LiteralString

from bondreplicate.border.database import (
    SQL,
    Composable,
    Composed,
    Identifier,
    Literal,
    joined,
    raw,
    render,
)
from bondreplicate.core.shapes import Column, ForeignKey, Shape, TableName, Unique

TRUE, FALSE = SQL("true"), SQL("false")
BEFORE_ANY = datetime(2000, 1, 1, tzinfo=UTC)
"""Stamp of rows that were there before capture began: every real change is later."""
OUT_BEFORE = datetime(1999, 1, 1, tzinfo=UTC)
"""Stamp of rows of a table that was disabled here: those of other sites are later."""


def timestamp(when: datetime) -> Composable:
    """A moment, as the server reads it whatever its settings."""
    return render("{s}::timestamptz", s=Literal(when.isoformat()))


def table(name: TableName) -> Identifier:
    """A table's qualified name."""
    return Identifier(*name)


def regclass(name: TableName) -> Literal:
    """A table's qualified name, quoted, for to_regclass()."""
    return Literal(".".join('"' + part.replace('"', '""') + '"' for part in name))


def comma(parts: Iterable[Composable]) -> Composed:
    """Parts of a list."""
    return joined(", ", list(parts))


def every(parts: Iterable[Composable]) -> Composable:
    """Conditions that must all hold."""
    found = list(parts)
    return joined(" and ", found) if found else TRUE


def cast(source: Composable, column: Column) -> Composable:
    """Text as a value of the column's type."""
    return render("({source})::{type}", source=source, type=raw(column.type))


def element(array: Composable, place: int) -> Composable:
    """An element of a text array; places count from 1."""
    return render("{array}[{place}]", array=array, place=Literal(place))


class KeyOf:
    """Expressions about the key of one table."""

    def __init__(self, shape: Shape) -> None:
        self.columns = [shape.column(name) for name in shape.key]
        self.operators = [raw(op) for op in shape.key_operators]

    def casts(self, array: LiteralString) -> list[Composable]:
        """The key columns, typed, from a text array such as l.key."""
        return [cast(element(SQL(array), i), c) for i, c in enumerate(self.columns, 1)]

    def own(self, alias: LiteralString) -> list[Composable]:
        """The key columns of a row, as they are."""
        return [render("{a}.{c}", a=SQL(alias), c=Identifier(c.name)) for c in self.columns]

    def text(self, alias: LiteralString) -> Composable:
        """The key of a row as a text array."""
        return as_texts(self.own(alias), self.columns)

    def hash(self, values: Sequence[Composable]) -> Composable:
        """Hash of a key by its types' own operators; types that have none are hashed as text."""
        parts = [
            v if c.hashable else as_text(v, c) for v, c in zip(values, self.columns, strict=True)
        ]
        return render("hash_record_extended(row({parts}), 0)", parts=comma(parts))

    def equal(self, left: Sequence[Composable], right: Sequence[Composable]) -> Composable:
        """Whether two keys are the same, by the operators of the index."""
        triples = zip(left, self.operators, right, strict=True)
        return every(render("{a} {op} {b}", a=a, op=op, b=b) for a, op, b in triples)


def as_text(value: Composable, column: Column) -> Composable:
    """A value as text, by the output function of its type, which only a superuser can make.

    A cast to text may be made by whoever made the type, and would run here with our rights.
    """
    if not column.of_users:
        return render("({v})::text", v=value)
    return render("case when {v} is distinct from null then concat({v}) end", v=value)


def as_texts(values: Sequence[Composable], columns: Sequence[Column]) -> Composable:
    """A text array of values of these columns."""
    pairs = zip(values, columns, strict=True)
    return render("array[{v}]::text []", v=comma(as_text(v, c) for v, c in pairs))


def places(columns: Sequence[str], wanted: Sequence[str]) -> Composed:
    """Places of values, from 1; null for a column whose value does not travel; a jsonb array."""
    found = [columns.index(c) + 1 if c in columns else None for c in wanted]
    return render("{p}::jsonb", p=Literal(json.dumps(found)))


def same_values(unique: Unique, place: int) -> Composable:
    """Whether an expression of a unique index is the same of `s` and `o`."""
    name, operator = Identifier(f"e{place}"), raw(unique.operators[place] or "=")
    equal = render("s.{n} {op} o.{n}", n=name, op=operator)
    if unique.nulls_equal:
        return render(
            "({e} or s.{n} is not distinct from null and o.{n} is not distinct from null)",
            e=equal, n=name,
        )  # fmt: skip
    return equal


def points_at(fk: ForeignKey) -> Composable:
    """Whether a child `c` points at a parent `p`."""
    triples = zip(fk.columns, fk.operators, fk.parent_columns, strict=True)
    return every(
        render("p.{p} {op} c.{c}", p=Identifier(p), op=raw(op), c=Identifier(c))
        for c, op, p in triples
    )
