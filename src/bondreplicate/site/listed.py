"""replicate_tables as people see and edit it: replicated, or why not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from bondreplicate.border.database import Connection, execute, rows
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.shapes import ROW
from bondreplicate.errors import SettingsError

NO_TABLE = "`bondreplicate tables list` shows what is; a view or a sequence is no table"


@dataclass(frozen=True)
class ListedTable:
    """A table of the database, as replicate_tables has it.

    resolve: how concurrent changes of a row are merged; merges: the same, in effect.
    """

    id: int
    schema_name: str
    table_name: str
    enabled: bool
    active: bool
    reason: str | None
    key_columns: Sequence[str]
    columns: Sequence[str]
    resolve: str = ROW
    merges: str = ROW

    @property
    def name(self) -> str:
        """Schema and name, not quoted: for people."""
        return f"{self.schema_name}.{self.table_name}"


def list_tables(connection: Connection) -> list[ListedTable]:
    """Every table of the database, by name."""
    return [ListedTable(*row) for row in rows(connection, query("tables_list"))]


def choose_tables(tables: Sequence[ListedTable], names: Sequence[str]) -> list[ListedTable]:
    """The tables that people mean by their names; all where there are no names.

    Raises:
        SettingsError: a name means no table, or more than one.
    """
    return [_choose(tables, name) for name in names] if names else list(tables)


def _choose(tables: Sequence[ListedTable], name: str) -> ListedTable:
    bare = re.sub(r'"((?:[^"]|"")*)"', lambda quoted: quoted[1].replace('""', '"'), name)
    found: list[ListedTable] = []
    for spelling in (name, bare, bare.lower()):
        found = found or [t for t in tables if spelling in (t.table_name, t.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            f"{name} is the name of several tables",
            hint="say which: " + ", ".join(t.name for t in found),
        )
    known = [n for t in tables for n in (t.table_name, t.name)]
    near = difflib.get_close_matches(bare, known, n=1)
    hint = f"did you mean {near[0]}?" if near else NO_TABLE
    shown = name if name.strip() else f"{name!r}"
    raise SettingsError(f"{shown} is not in replicate_tables", hint=hint)


def enable_table(connection: Connection, table: ListedTable, *, enabled: bool) -> None:
    """Turn the user's switch of a table."""
    execute(connection, query("tables_enable"), {"id": table.id, "enabled": enabled})


def resolve_table(connection: Connection, table: ListedTable, resolve: str) -> None:
    """Say how concurrent changes of a table's rows are merged: row, column."""
    execute(connection, query("tables_resolve"), {"id": table.id, "resolve": resolve})
