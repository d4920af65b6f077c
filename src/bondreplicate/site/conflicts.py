"""replicate_error: what clashed, which version stayed, and by which rule."""

from __future__ import annotations

from typing import Any

from bondreplicate.border.database import Connection, dicts, rows
from bondreplicate.border.sqlfiles import query
from bondreplicate.errors import SettingsError
from bondreplicate.site.listed import ListedTable, choose_tables, list_tables

EVER_S = 1e9


def choose_conflict_table(connection: Connection, name: str) -> str:
    """The table that people mean by a name, with its schema; also one that is gone by now.

    Raises:
        SettingsError: it means no table, or several.
    """
    listed = list_tables(connection)
    known = {t.name for t in listed}
    for row in rows(connection, query("conflicts_tables")):
        if f"{row.schema_name}.{row.table_name}" not in known:
            gone = ListedTable(0, row.schema_name, row.table_name, True, False, "", [], [])
            listed.append(gone)
    return choose_tables(listed, [name])[0].name


def list_conflicts(
    connection: Connection, *, table: str | None, age_s: float, limit: int
) -> list[dict[str, Any]]:
    """The latest conflicts, newest first, without the rows; `table` with its schema."""
    args = {"table": table, "age_s": age_s, "limit": limit}
    return dicts(connection, query("conflicts_list"), args)


def fetch_conflict(connection: Connection, number: int) -> dict[str, Any]:
    """One conflict with both rows, as column: value; None for a delete.

    Raises:
        SettingsError: there is none with this number.
    """
    found = dicts(connection, query("conflicts_show"), {"id": number})
    if not found:
        raise SettingsError(
            f"there is no conflict {number}", hint="`bondreplicate conflicts list` shows them"
        )
    conflict = found[0]
    names = conflict.pop("columns")
    for side in ("winner_row", "loser_row"):
        values = conflict[side]
        conflict[side] = None if values is None else dict(zip(names, values, strict=False))
    return conflict
