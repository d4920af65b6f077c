"""Tables of the model, what their constraints say, and whether rows obey."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

Value = int | None
Row = Mapping[str, Value]
Key = tuple[str, tuple[Value, ...]]
Rows = Mapping[Key, Row]


class Action(Enum):
    """ON DELETE. RESTRICT and NO ACTION differ in when they are checked, not here."""

    RESTRICT = "restrict"
    CASCADE = "cascade"
    SET_NULL = "set null"
    SET_DEFAULT = "set default"


@dataclass(frozen=True)
class ForeignKey:
    """Columns that must be found together in `refers` of the parent, or hold a null.

    `action` is ON DELETE; ON UPDATE is NO ACTION, or CASCADE.
    """

    columns: tuple[str, ...]
    parent: str
    refers: tuple[str, ...]
    action: Action = Action.RESTRICT
    update_cascades: bool = False
    default: int = 0


@dataclass(frozen=True)
class Table:
    """A table. All values are small integers.

    Attributes:
        key: primary key columns.
        columns: all others but `mark`, which makes each written row different.
        uniques: sets of columns that no two rows share, nulls apart.
        spans: pairs of columns, first and last, of spans that do not overlap (EXCLUDE).
        not_null: columns that refuse null.
    """

    name: str
    key: tuple[str, ...] = ("id",)
    columns: tuple[str, ...] = ()
    uniques: tuple[tuple[str, ...], ...] = ()
    spans: tuple[tuple[str, str], ...] = ()
    foreign_keys: tuple[ForeignKey, ...] = ()
    not_null: frozenset[str] = frozenset()

    def key_of(self, row: Row) -> Key:
        return self.name, tuple(row[c] for c in self.key)


class Schema:
    """Tables by name, and who refers to whom."""

    def __init__(self, *tables: Table) -> None:
        self.tables = {t.name: t for t in tables}
        self.children: dict[str, list[tuple[Table, ForeignKey]]] = {t.name: [] for t in tables}
        for table in tables:
            for fk in table.foreign_keys:
                self.children[fk.parent].append((table, fk))

    def refuses_null(self, table: Table, columns: tuple[str, ...]) -> bool:
        return bool({*table.not_null, *table.key} & set(columns))

    def parent_values(self, fk: ForeignKey, row: Row) -> tuple[Value, ...] | None:
        """What the row refers to; None: nothing, for want of a value."""
        values = tuple(row[c] for c in fk.columns)
        return None if None in values else values

    def parent_key(self, fk: ForeignKey, values: tuple[Value, ...], rows: Rows) -> Key | None:
        """The row that has these values, where there is one."""
        if fk.refers == self.tables[fk.parent].key:
            key = fk.parent, values
            return key if key in rows else None
        for key, row in rows.items():
            if key[0] == fk.parent and tuple(row[c] for c in fk.refers) == values:
                return key
        return None

    def orphans(self, rows: Rows) -> Iterator[tuple[Key, ForeignKey]]:
        """Rows that refer to what is not there."""
        for key, row in rows.items():
            for fk in self.tables[key[0]].foreign_keys:
                values = self.parent_values(fk, row)
                if values is not None and self.parent_key(fk, values, rows) is None:
                    yield key, fk

    def claims(self, key: Key, row: Row) -> list[tuple[str, ...] | tuple[object, ...]]:
        """What no other row may claim as well: unique values."""
        return [
            (key[0], columns, values)
            for columns in self.tables[key[0]].uniques
            if None not in (values := tuple(row[c] for c in columns))
        ]

    def overlap(self, key: Key, one: Row, other: Row) -> bool:
        """Whether two rows of the table of `key` break an EXCLUDE constraint."""
        for first, last in self.tables[key[0]].spans:
            a, b, c, d = one[first], one[last], other[first], other[last]
            if a is None or b is None or c is None or d is None:
                continue
            if a <= d and c <= b:
                return True
        return False

    def clash(self, key: Key, one: Row, other: Row) -> bool:
        """Whether two rows of one table cannot stand together."""
        for columns in self.tables[key[0]].uniques:
            if all(one[c] is not None and one[c] == other[c] for c in columns):
                return True
        return self.overlap(key, one, other)

    def clashes(self, rows: Rows) -> Iterator[tuple[Key, Key]]:
        """Pairs of rows that cannot stand together."""
        held: dict[object, Key] = {}
        spans: list[Key] = []
        for key, row in rows.items():
            for claim in self.claims(key, row):
                if claim in held:
                    yield held[claim], key
                held[claim] = key
            if self.tables[key[0]].spans:
                for other in spans:
                    if other[0] == key[0] and self.overlap(key, row, rows[other]):
                        yield other, key
                spans.append(key)

    def broken(self, rows: Rows) -> str:
        """What is wrong with these rows; empty: nothing."""
        for key, fk in self.orphans(rows):
            return f"{key} has no parent in {fk.parent}"
        for one, other in self.clashes(rows):
            return f"{one} and {other} clash"
        for key, row in rows.items():
            table = self.tables[key[0]]
            for column in (*table.not_null, *table.key):
                if row[column] is None:
                    return f"{key}.{column} is null"
            if table.key_of(row) != key:
                return f"{key} holds the row of {table.key_of(row)}"
        return ""
