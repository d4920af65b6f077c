"""The proof, by SQL of its own: nothing that replication says of itself counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from bondreplicate.border.database import (
    Composed,
    Connection,
    Identifier,
    connect,
    joined,
    render,
    rows,
    value,
)
from bondreplicate.border.sqlfiles import text


@dataclass(frozen=True)
class Facts:
    """What one site holds.

    tables: rows and checksum by name. orphans: by name of the foreign key.
    conflicts: number by table, kind and rule. entries, parked: what replication still holds.
    """

    tables: Mapping[str, tuple[int, str]]
    orphans: Mapping[str, int]
    conflicts: Counter[tuple[str, ...]]
    entries: int
    parked: int


@dataclass(frozen=True)
class Proof:
    """The facts of every site by number, and what is wrong with them in words."""

    facts: Mapping[int, Facts]
    wrong: list[str] = field(default_factory=list)


def examine(dsns: Mapping[int, str]) -> Proof:
    """Look at every site, by number."""
    facts = {}
    for number, dsn in dsns.items():
        with closing(connect(dsn, role="demo")) as connection:
            facts[number] = fetch_facts(connection)
    return Proof(facts, decide_wrong(facts))


def fetch_facts(connection: Connection) -> Facts:
    """Look at one site."""
    tables = {}
    for row in rows(connection, text("demo", "tables")):
        name = Identifier(row.schema_name, row.table_name)
        [found] = rows(connection, render(text("demo", "checksum"), table=name))
        tables[f"{row.schema_name}.{row.table_name}"] = (found.number, found.checksum)
    orphans = {
        key.name: value(connection, render_orphans(key))
        for key in rows(connection, text("demo", "foreign_keys"))
    }
    conflicts: Counter[tuple[str, ...]] = Counter()
    for row in rows(connection, text("demo", "errors_by_rule")):
        conflicts[row.table_name, row.kind, row.rule] += row.number
    [left] = rows(connection, text("demo", "left"))
    return Facts(tables, orphans, conflicts, left.entries, left.parked)


def render_orphans(key: Any) -> Composed:
    """The query that looks for children without parent; see foreign_keys.sql."""
    pairs = list(zip(key.child_columns, key.parent_columns, strict=True))
    return render(
        text("demo", "orphans"),
        child=Identifier(key.child_schema, key.child_table),
        parent=Identifier(key.parent_schema, key.parent_table),
        matches=joined(
            " and ",
            [render("{p} = {c}", p=Identifier("p", p), c=Identifier("c", c)) for c, p in pairs],
        ),
        filled=joined(" and ", [render("{c} is not null", c=Identifier("c", c)) for c, _ in pairs]),
        missing=render("{p} is null", p=Identifier("p", pairs[0][1])),
    )


def decide_wrong(facts: Mapping[int, Facts]) -> list[str]:
    """Everything that is not as it should be, in words."""
    first_number, first = next(iter(facts.items()))
    wrong = []
    for number, here in facts.items():
        names = sorted(first.tables.keys() | here.tables.keys())
        wrong += [
            f"table {name} differs between site {first_number} and site {number}"
            for name in names
            if here.tables.get(name) != first.tables.get(name)
        ]
        wrong += [
            f"site {number}: {count} rows break {name}"
            for name, count in here.orphans.items()
            if count
        ]
        if not here.tables:
            wrong.append(f"site {number} has no tables")
        if here.orphans.keys() != first.orphans.keys():
            wrong.append(f"site {number} has other foreign keys than site {first_number}")
        if here.conflicts != first.conflicts:
            wrong.append(f"replicate_error differs between site {first_number} and site {number}")
        if here.entries:
            wrong.append(f"site {number}: {here.entries} entries are left in replicate_log")
        if here.parked:
            wrong.append(f"site {number}: {here.parked} changes are parked")
    return wrong
