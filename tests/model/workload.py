"""Random tables, and what users do with them: only what the constraints allow at their site."""

from __future__ import annotations

import random
from collections.abc import Mapping

from tests.model.schema import Action, ForeignKey, Key, Row, Schema, Table, Value
from tests.model.site import Site

IDS = 5
VALUES = 4


def base_schema(rng: random.Random) -> Schema:
    """A parent with a unique column; a child with one, and a foreign key."""
    action = rng.choice([Action.RESTRICT, Action.CASCADE, Action.SET_NULL])
    parent = Table("p", columns=("u",), uniques=(("u",),), not_null=frozenset("u"))
    fk = ForeignKey(("p",), "p", ("id",), action)
    child = Table("c", columns=("p", "w"), uniques=(("w",),), foreign_keys=(fk,))
    return Schema(parent, child)


class RefusedError(Exception):
    """The server would refuse the statement."""


class Work:
    """Transactions of one site's users, and only those that would commit there."""

    def __init__(
        self, schema: Schema, rng: random.Random, statements_max: int = 3, key_changes: float = 0
    ) -> None:
        self.schema, self.rng, self.statements_max = schema, rng, statements_max
        self.key_changes, self.marks = key_changes, 0
        self.moved: dict[Key, Key] = {}

    def run(self, site: Site, clock: int) -> bool:
        """One transaction at a site; whether it committed anything."""
        rows = dict(site.shown)
        order: list[Key] = []
        self.moved.clear()
        try:
            for _ in range(self.rng.randint(1, self.statements_max)):
                self._statement(rows, order)
        except RefusedError:
            return False
        if self.schema.broken(rows) or any(site.refuses(k, rows[k]) for k in order if k in rows):
            return False
        changed: dict[Key, Row | None] = {
            k: rows.get(k) for k in dict.fromkeys(order) if rows.get(k) != site.shown.get(k)
        }
        if changed:
            site.commit(changed, clock, self.moved)
        return bool(changed)

    def _statement(self, rows: dict[Key, Row], order: list[Key]) -> None:
        table = self.rng.choice(list(self.schema.tables.values()))
        there = [k for k in rows if k[0] == table.name]
        kind = self.rng.random()
        if kind < 0.4 or not there:
            row = self._row(table, rows)
            if (key := table.key_of(row)) not in rows:
                self._set(rows, order, key, row)
        elif kind < 0.65:
            key = self.rng.choice(there)
            keys = () if self.rng.random() < self.key_changes else table.key
            fresh = self._row(table, rows)
            change = {c: v for c, v in fresh.items() if c not in keys and self.rng.random() < 0.5}
            self._change(rows, order, key, change)
        elif kind < 0.75 and len(there) > 1:
            self._swap(rows, order, table, self.rng.sample(there, 2))
        else:
            self._delete(rows, order, self.rng.choice(there))

    def mark(self) -> int:
        self.marks += 1
        return self.marks

    def _row(self, table: Table, rows: dict[Key, Row]) -> dict[str, Value]:
        rng = self.rng
        row: dict[str, Value] = {c: rng.randrange(IDS) for c in table.key}
        for column in table.columns:
            if column not in row:
                row[column] = rng.randrange(VALUES) if rng.random() < 0.9 else None
        for first, last in table.spans:
            if (start := row[first]) is not None:
                row[last] = start + rng.randrange(3)
        for fk in table.foreign_keys:
            parents = [r for k, r in rows.items() if k[0] == fk.parent]
            if parents and rng.random() < 0.9:
                parent = rng.choice(parents)
                row |= {c: parent[r] for c, r in zip(fk.columns, fk.refers, strict=True)}
            elif not table.not_null & set(fk.columns) and not set(fk.columns) & set(table.key):
                row |= dict.fromkeys(fk.columns)
        return row | {"mark": self.mark()}

    def _swap(self, rows: dict[Key, Row], order: list[Key], table: Table, pair: list[Key]) -> None:
        """Two rows exchange their unique values: allowed by a deferrable constraint."""
        columns = [c for u in table.uniques for c in u if c not in table.key]
        one, other = rows[pair[0]], rows[pair[1]]
        for key, row, source in ((pair[0], one, other), (pair[1], other, one)):
            taken = {c: source[c] for c in columns}
            self._set(rows, order, key, {**row, **taken, "mark": self.mark()})

    def _delete(self, rows: dict[Key, Row], order: list[Key], key: Key) -> None:
        """Delete a row and do what ON DELETE says to its children."""
        row = rows.pop(key)
        order.append(key)
        for table, fk in self.schema.children[key[0]]:
            if fk.action is Action.RESTRICT:
                continue
            for child in self._children(rows, table, fk, row):
                if child not in rows:
                    continue
                if fk.action is Action.CASCADE:
                    self._delete(rows, order, child)
                else:
                    value = None if fk.action is Action.SET_NULL else fk.default
                    self._change(rows, order, child, dict.fromkeys(fk.columns, value))

    def _children(
        self, rows: dict[Key, Row], table: Table, fk: ForeignKey, parent: Row
    ) -> list[Key]:
        values = tuple(parent[c] for c in fk.refers)
        return [
            k
            for k, r in rows.items()
            if k[0] == table.name and self.schema.parent_values(fk, r) == values
        ]

    def _change(
        self, rows: dict[Key, Row], order: list[Key], key: Key, columns: Mapping[str, Value]
    ) -> None:
        """Change columns of a row, its key perhaps; children follow where ON UPDATE says so."""
        before = rows[key]
        row = {**before, **columns, "mark": self.mark()}
        new = self.schema.tables[key[0]].key_of(row)
        if new != key:
            if new in rows or None in new[1]:
                raise RefusedError
            del rows[key]
            order.append(key)
            self.moved[key] = new
        self._set(rows, order, new, row)
        for table, fk in self.schema.children[key[0]]:
            values = [row[c] for c in fk.refers]
            if fk.update_cascades and values != [before[c] for c in fk.refers]:
                for child in self._children(rows, table, fk, before):
                    if child in rows:
                        changed = dict(zip(fk.columns, values, strict=True))
                        self._change(rows, order, child, changed)

    def _set(self, rows: dict[Key, Row], order: list[Key], key: Key, row: Row) -> None:
        rows[key] = row
        order.append(key)


def random_schema(rng: random.Random) -> Schema:
    """One to three tables with keys to any of them, themselves included: chains and cycles."""
    names = ["a", "b", "c"][: rng.randint(1, 3)]
    tables: list[Table] = []
    for name in names:
        columns = ["u", "w"]
        keys: list[ForeignKey] = []
        not_null: set[str] = set()
        for number in range(rng.choice([0, 1, 1, 2])):
            column = f"r{number}"
            columns.append(column)
            keys.append(ForeignKey((column,), rng.choice(names), ("id",), rng.choice(list(Action))))
            if rng.random() < 0.2:
                not_null.add(column)
        uniques = [(c,) for c in ("u", "w") if rng.random() < 0.5]
        tables.append(
            Table(
                name,
                columns=tuple(columns),
                uniques=tuple(uniques),
                foreign_keys=tuple(keys),
                not_null=frozenset(not_null),
            )
        )
    return Schema(*tables)


def spans_schema(rng: random.Random) -> Schema:
    """Bookings that may not overlap, with and without children."""
    fk = ForeignKey(("p",), "p", ("id",), rng.choice(list(Action)))
    parent = Table("p", columns=("first", "last"), spans=(("first", "last"),))
    child = Table("c", columns=("p", "w"), uniques=(("w",),), foreign_keys=(fk,))
    return Schema(parent, child)


def composite_schema(rng: random.Random) -> Schema:
    """Keys of two columns, partly null references, a reference to a unique code."""
    actions = [rng.choice(list(Action)) for _ in range(3)]
    top = Table("t", columns=("code",), uniques=(("code",),), not_null=frozenset({"code"}))
    first = ForeignKey(("x",), "t", ("id",), actions[0])
    middle = Table("m", key=("x", "y"), columns=("w",), uniques=(("w",),), foreign_keys=(first,))
    second = ForeignKey(("x", "y"), "m", ("x", "y"), actions[1])
    third = ForeignKey(("code",), "t", ("code",), actions[2], rng.random() < 0.5)
    low = Table("l", columns=("x", "y", "code"), foreign_keys=(second, third))
    return Schema(top, middle, low)
