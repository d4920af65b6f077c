"""Tables that should be replicated, and whose changes nothing notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bondreplicate.border.database import Connection, rows
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.following import TRIGGERS, Captured, Step, Task, plan_tables
from bondreplicate.core.trouble import render_owner_hint
from bondreplicate.site.tables import fetch_captured, fetch_listed, fetch_shapes


@dataclass(frozen=True)
class Uncaptured:
    """A table that is enabled and could be replicated, and lacks working triggers.

    owner: whoever it belongs to, where that keeps the role of the dsn from attaching them.
    fills: it has its triggers, and rows from before them are still to be logged.
    """

    name: str
    owner: str | None
    fills: bool = False

    @property
    def message(self) -> str:
        """What is wrong, in words."""
        if self.fills:
            return f"{self.name}: rows from before its capture triggers are still to be logged"
        whose = f"; it belongs to {self.owner}" if self.owner else ""
        return f"{self.name}: capture triggers are missing or disabled{whose}"

    @property
    def hint(self) -> str:
        """What to do."""
        if self.owner:
            return render_owner_hint()
        if self.fills:
            return "the running daemon logs them"
        return "the running daemon puts them back, or logs why not; then `bondreplicate verify`"


def list_uncaptured(connection: Connection) -> Sequence[Uncaptured]:
    """The tables of this site whose changes are not captured, though they should be, by name.

    A table that was made a moment ago is among them, until the daemon has seen it.
    """
    shapes, listed = fetch_shapes(connection), fetch_listed(connection)
    # Read last: a table that is attached meanwhile is not taken for one that is not.
    captured = fetch_captured(connection)
    tasks = [task for task in plan_tables(shapes, listed, captured) if task.shape]
    found = [
        _name(task)
        for task in tasks
        if task.shape
        and task.step in (Step.ATTACH, Step.REFRESH)
        and captured.get(task.shape.oid, Captured()).triggers < TRIGGERS
    ]
    filling = sorted(_name(task) for task in tasks if task.step is Step.FILL)
    owners = {r.name: r.owner for r in rows(connection, query("checkup_owners"))} if found else {}
    lacking = [Uncaptured(name, owners.get(name)) for name in sorted(found)]
    return [*lacking, *(Uncaptured(name, None, fills=True) for name in filling)]


def _name(task: Task) -> str:
    return ".".join(task.shape.name) if task.shape else ""
