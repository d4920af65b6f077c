"""Follow the tables of this database: attach capture, release what is disabled, list them all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bondreplicate.border.database import (
    Connection,
    dicts,
    execute,
    rows,
    set_local,
    transaction,
    value,
)
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.following import (
    DISABLED,
    DROPPED,
    Listed,
    Step,
    Task,
    keep_key,
    plan_tables,
)
from bondreplicate.core.shapes import Shape, TableName, shape_of
from bondreplicate.core.trouble import render_owner_hint
from bondreplicate.errors import BondError, TransientError
from bondreplicate.site import capture
from bondreplicate.site.expressions import BEFORE_ANY, OUT_BEFORE

Report = Callable[..., None]


@dataclass(frozen=True)
class Tables:
    """The replicated tables of a site at one revision: id to shape.

    Attributes:
        others: tables that are not replicated; their foreign keys hold all the same.
        numbers: ids of all tables that are there, or may be, replicated or not.
        unread: replicated tables that could not be looked at, because somebody keeps them locked.
    """

    revision: int
    shapes: dict[int, Shape] = field(default_factory=dict)
    disabled: frozenset[TableName] = frozenset()
    others: tuple[Shape, ...] = ()
    numbers: frozenset[int] = frozenset()
    unread: frozenset[TableName] = frozenset()

    def known(self) -> dict[TableName, tuple[int, Shape]]:
        """The same by name."""
        return {shape.name: (tab, shape) for tab, shape in self.shapes.items()}

    def names(self) -> list[TableName]:
        """Of all tables, replicated or not."""
        return [shape.name for shape in (*self.shapes.values(), *self.others)]


def fetch_shapes(connection: Connection) -> list[Shape]:
    """Every table of the database; reads catalogs only."""
    return [shape_of(row) for row in dicts(connection, query("table_shapes"))]


def fetch_followed(connection: Connection) -> list[Shape]:
    """Every table of the database, with the key that its changes are told by."""
    listed = {row.relid: row for row in fetch_listed(connection)}
    return [keep_key(shape, listed.get(shape.oid)) for shape in fetch_shapes(connection)]


def fetch_tables(connection: Connection) -> Tables:
    """The replicated tables of a site, as they are now; also of another site."""
    revision = value(connection, query("tables_revision"))
    # By oid: where a table was renamed a moment ago, its old name may be another's.
    shapes = {s.oid: s for s in fetch_followed(connection)}
    listed = fetch_listed(connection)
    active = {r.id: shapes[r.relid] for r in listed if r.active and r.relid in shapes}
    usable = {t: shape for t, shape in active.items() if not shape.why_not and not shape.unread}
    disabled = frozenset(r.name for r in listed if not r.enabled)
    taken = {shape.oid for shape in usable.values()}
    others = tuple(shape for oid, shape in shapes.items() if oid not in taken)
    numbers = frozenset(
        r.id for r in listed if r.relid in shapes or (r.relid is None and r.reason != DROPPED)
    )
    unread = frozenset(s.name for s in active.values() if s.unread)
    return Tables(revision, usable, disabled, others, numbers, unread)


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
        )
        for r in rows(connection, query("tables_listed"))
    ]


def follow_tables(
    connection: Connection, *, first: bool, report: Report, served: Sequence[int] = ()
) -> int:
    """Bring triggers and replicate_tables in line with the tables that exist.

    Each table is handled in a transaction of its own. Attaching takes SHARE ROW EXCLUSIVE for a
    moment; a table that is locked for longer than that is left for the next time. Rows that
    were there before the triggers are logged in the same transaction, except at the first start.

    Args:
        connection: autocommit, to this site.
        first: this is the first start, so that the rows reach other sites by a copy.
        report: called with an event and facts for everything done.
        served: sites that links send to.

    Returns:
        How many tables are still to be done.
    """
    captured = {r.oid: r.triggers for r in rows(connection, query("tables_captured"))}
    shapes, listed = fetch_shapes(connection), fetch_listed(connection)
    unread = {s.oid: s for s in shapes if s.unread}
    names = {s.name for s in unread.values()}
    for shape in unread.values():
        reason = "somebody keeps it locked (ACCESS EXCLUSIVE)"
        report("table_busy", table=".".join(shape.name), reason=reason)
    tasks = plan_tables(
        [s for s in shapes if not s.unread],
        [row for row in listed if row.relid not in unread and row.name not in names],
        captured,
    )
    left = len(unread)
    _rename(connection, tasks)
    for task in tasks:
        try:
            _carry_out(connection, task, first, served)
        except TransientError as error:
            left += 1
            report("table_busy", table=_name(task), reason=error.message)
        except BondError as error:
            left += 1
            _note_failure(connection, task, error.message)
            hint = error.hint or (render_owner_hint() if error.sqlstate == "42501" else "")
            report("table_failed", table=_name(task), reason=error.message, hint=hint)
        else:
            report(f"table_{task.step.value}", table=_name(task), reason=task.reason)
    return left


def enqueue_all(connection: Connection, stamp: datetime) -> int:
    """Log every row of every replicated table, stamped `stamp`; returns rows logged."""
    total = 0
    shapes = fetch_tables(connection).shapes
    with transaction(connection):
        for tab, shape in shapes.items():
            total += execute(connection, capture.enqueue(shape, tab, stamp))
    return total


def _name(task: Task) -> str:
    name = task.shape.name if task.shape else task.listed.name if task.listed else ("", "")
    return ".".join(name)


def _rename(connection: Connection, tasks: Sequence[Task]) -> None:
    """Note the new names of renamed tables, all at once: they may have taken one another's."""
    renamed = [
        (t.listed.id, t.shape.name)
        for t in tasks
        if t.listed and t.shape and t.listed.name != t.shape.name
    ]
    if not renamed:
        return
    ids = [tab for tab, _ in renamed]
    with transaction(connection):
        for statement in (query("tables_vacate"), query("tables_rename")):
            for tab, (schema, name) in renamed:
                args = {"schema": schema, "table": name, "id": tab, "renamed": ids}
                execute(connection, statement, args)
        execute(connection, query("tables_revise"))


def _carry_out(connection: Connection, task: Task, first: bool, served: Sequence[int]) -> None:
    with transaction(connection):
        set_local(connection, "lock_timeout", "250ms")
        if task.step is Step.FORGET and task.listed:
            args = {"id": task.listed.id, "reason": task.reason}
            execute(connection, query("tables_forget"), args)
            execute(connection, capture.drop_function(task.listed.id))
        elif task.shape and task.step is Step.RELEASE:
            tab = _write(connection, task)
            execute(connection, capture.detach(task.shape.name, tab))
            _check_name(connection, task.shape)
        elif task.shape and task.listed and task.step is Step.REKEY:
            _rekey(connection, task.shape, task.listed, served)
            _attach(connection, task)
        elif task.shape and task.step is Step.NOTE:
            _write(connection, task)
        elif task.shape:
            if task.listed and task.step is Step.ATTACH and task.replaces:
                execute(connection, query("tables_replace"), {"id": task.listed.id})
            tab = _attach(connection, task)
            if task.renames_keys:
                # By the old key nothing in the log means what it says any more.
                execute(connection, query("forget_entries"), {"tab": tab})
            if not first and (task.step is Step.ATTACH or task.renames_keys):
                was_out = task.listed is not None and task.listed.reason == DISABLED
                stamp = OUT_BEFORE if was_out else BEFORE_ANY
                execute(connection, capture.enqueue(task.shape, tab, stamp))
        # In this transaction: a link that sees entries of a table must see that it knows too
        # little.
        execute(connection, query("tables_revise"))


def _rekey(connection: Connection, shape: Shape, listed: Listed, served: Sequence[int]) -> None:
    """Make a table ready for another key, if all sites have what the log tells by the old one.

    Writers wait for at most 20 ms, and only where that looks likely. Rows that the old key cannot
    tell apart, which were written since nothing enforces it, are logged by the new one.

    Raises:
        TransientError: not yet.
    """
    args = {"tab": listed.id, "served": list(served)}
    waits = TransientError("its key has changed: what was changed by the old one is on its way")
    if not value(connection, query("table_is_stable"), args):
        raise waits
    set_local(connection, "lock_timeout", "20ms")
    execute(connection, capture.lock(shape.name))
    if not value(connection, query("table_is_stable"), args):
        raise waits
    former = keep_key(shape, listed)
    execute(connection, capture.rekey(shape, former, listed.id))
    if former.key_is_loose:
        execute(connection, capture.enqueue_alike(shape, former, listed.id))


def _attach(connection: Connection, task: Task) -> int:
    """Make the triggers of a table, and list it; returns its id."""
    assert task.shape is not None
    tab = _write(connection, task)
    for statement in capture.attach(task.shape, tab):
        execute(connection, statement)
    _check_name(connection, task.shape)
    return tab


def _note_failure(connection: Connection, task: Task, reason: str) -> None:
    """List a table that could not be attached with the reason, for people who look there.

    One that is active stays so: its triggers may still be the old ones. What attaching has to know
    of the past is not overwritten: that the table was disabled, or replaces another one.
    """
    listed = task.listed
    if task.step is not Step.ATTACH or task.replaces:
        return
    if listed and (listed.active or listed.reason in (reason, DISABLED)):
        return
    with transaction(connection):
        _write(connection, replace(task, step=Step.NOTE, reason=reason))
        execute(connection, query("tables_revise"))


def _check_name(connection: Connection, shape: Shape) -> None:
    """Now that the table is locked, its name stays: was it that of another one, just renamed?

    Else the triggers of one would log changes of the other, and who forgets the one, loses them.
    """
    schema, table = shape.name
    args = {"schema": schema, "table": table, "oid": shape.oid}
    if not value(connection, query("table_is"), args):
        raise TransientError(f"{schema}.{table} is another table now")


def _write(connection: Connection, task: Task) -> int:
    """The row of replicate_tables for a task; returns its id."""
    shape = task.shape
    assert shape is not None
    schema, table = shape.name
    active = task.step in (Step.ATTACH, Step.REFRESH, Step.REKEY)
    return value(
        connection,
        query("tables_write"),
        {
            "schema": schema,
            "table": table,
            "active": active,
            "reason": task.reason,
            "key": list(shape.key),
            "columns": [c.name for c in shape.travelling],
            "relid": shape.oid,
            "shape": shape.digest if active else shape.ties,
            "key_numbers": list(shape.key_numbers),
            "key_operators": list(shape.key_operators),
            "key_types": list(shape.key_types),
        },
    )
