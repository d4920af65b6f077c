"""Follow the tables of this database: attach capture, release what is disabled, list them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from bondreplicate.border.database import (
    Connection,
    execute,
    rows,
    set_local,
    transaction,
    value,
)
from bondreplicate.border.failpoint import reach
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.counters import counters_name
from bondreplicate.core.following import (
    DISABLED,
    OWED,
    Gap,
    Listed,
    Step,
    Task,
    former_shape,
    keep_key,
    plan_tables,
)
from bondreplicate.core.shapes import Shape
from bondreplicate.core.trouble import render_owner_hint
from bondreplicate.errors import BondError, TransientError
from bondreplicate.site import capture, counting
from bondreplicate.site.expressions import BEFORE_ANY, OUT_BEFORE
from bondreplicate.site.tables import fetch_captured, fetch_listed, fetch_shapes

Report = Callable[..., None]
LOCK, LOCK_AT_START = "250ms", "2s"
"""How long to wait for a table, which holds up its writers. At the first start that is for longer
than deadlock_timeout, when autovacuum gives way."""
INTERRUPTED_HINT = (
    "its triggers had been switched off: rows written meanwhile are sent now, rows deleted are not"
    " known: run bondreplicate verify"
)
KEY_IS_GONE = "its key was another one"
"""Begins the reason of a table whose changes cannot be told any more; unsent.sql knows it."""
GIVE_UP_HINT = (
    "make that key again, until they are sent; or give them up: `bondreplicate tables disable`,"
    " then enable, then `bondreplicate verify`"
)


def follow_tables(
    connection: Connection,
    *,
    first: bool,
    report: Report,
    served: Sequence[int] = (),
    align: Callable[[], None] = lambda: None,
) -> None:
    """Bring triggers and replicate_tables in line with the tables that exist.

    Each table is handled in a transaction of its own. Attaching takes SHARE ROW EXCLUSIVE for a
    moment; a table that is locked for longer than that is left for the next time. Rows that
    were there before the triggers are logged afterwards, so that writers do not wait for that;
    except at the first start.

    Args:
        connection: autocommit, to this site.
        first: this is the first start, so that the rows reach other sites by a copy.
        report: called with an event and facts for everything done.
        served: sites that links send to.
        align: aligns sequences. Called when it is known which tables there are, before one of them
            counts as replicated: its ids must not be those of another site by then.
    """
    captured = fetch_captured(connection)
    shapes, listed = fetch_shapes(connection), fetch_listed(connection)
    align()
    hidden = {s.oid: s for s in shapes if s.hidden}
    names = {s.name for s in hidden.values()}
    for shape in hidden.values():
        reason = "somebody keeps it locked (ACCESS EXCLUSIVE)"
        report("table_busy", table=".".join(shape.name), reason=reason)
    tasks = plan_tables(
        [s for s in shapes if not s.hidden],
        [row for row in listed if row.relid not in hidden and row.name not in names],
        captured,
    )
    _rename(connection, tasks)
    for task in tasks:
        try:
            _carry_out(connection, task, first, served)
            logged = _fill(connection, task)
        except TransientError as error:
            report("table_busy", table=_name(task), reason=error.message)
        except BondError as error:
            _note_failure(connection, task, error.message)
            hint = error.hint or (render_owner_hint() if error.sqlstate == "42501" else "")
            report("table_failed", table=_name(task), reason=error.message, hint=hint)
        else:
            facts = {"rows_logged": logged} if logged else {}
            report(f"table_{task.step.value}", table=_name(task), reason=task.reason, **facts)
            if task.interrupted:
                report("capture_was_interrupted", table=_name(task), hint=INTERRUPTED_HINT)


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
    listed = task.listed
    if task.step is Step.RELEASE and task.reason == DISABLED and listed and not listed.was_disabled:
        # Also if it is locked, and enabled again before it is free: the others send it nothing now.
        with transaction(connection):
            execute(connection, query("tables_out"), {"id": listed.id, "reason": DISABLED})
            execute(connection, query("tables_revise"))
    with transaction(connection):
        set_local(connection, "lock_timeout", LOCK_AT_START if first else LOCK)
        if task.shape and listed and task.replaces and task.step in (Step.RELEASE, Step.NOTE):
            # Nothing is owed of the table that had its name. What is disabled is so by name.
            execute(connection, query("tables_replace"), {"id": listed.id})
            execute(connection, capture.detach(task.shape.name, listed.id))
            tab = _write(connection, replace(task, step=Step.NOTE))
            args = {"id": tab, "enabled": listed.enabled}
            execute(connection, query("tables_enable"), args)
        elif task.step is Step.FORGET and task.listed:
            args = {"id": task.listed.id, "reason": task.reason}
            execute(connection, query("tables_forget"), args)
            execute(connection, capture.drop_functions(task.listed.id))
        elif task.shape and task.step is Step.RELEASE:
            _release(connection, task, task.shape, served)
        elif task.shape and task.listed and task.step is Step.REKEY:
            _rekey(connection, task.shape, task.listed, served)
            _attach(connection, task, task.listed.gap)
        elif task.shape and task.listed and task.step is Step.COUNT:
            _count(connection, task.shape, task.listed, served)
            _attach(connection, task, task.listed.gap)
        elif task.shape and task.step is Step.NOTE:
            _write(connection, task)
        elif task.shape and task.step is not Step.FILL:
            _attach_anew(connection, task, first, served)
        # In this transaction: a link that sees entries of a table must see that it knows too
        # little.
        execute(connection, query("tables_revise"))


def _attach_anew(connection: Connection, task: Task, first: bool, served: Sequence[int]) -> None:
    """Attach a table, or look at it again, and note which of its rows are to be logged."""
    listed = task.listed
    if listed and task.step is Step.ATTACH and task.replaces:
        execute(connection, query("tables_replace"), {"id": listed.id})
    tab = _attach(connection, task, _gap(connection, task, first))
    if task.renames_keys and listed:
        args = {"tab": tab, "served": list(served)}
        lost = (listed.reason or "").startswith(KEY_IS_GONE)
        if lost or not (listed.was_disabled or value(connection, query("table_is_sent"), args)):
            raise BondError(
                f"{KEY_IS_GONE} ({', '.join(listed.key_types)}), and changes told by it were not"
                " sent to every site",
                hint=GIVE_UP_HINT,
            )
        # By the old key nothing in the log means what it says any more.
        execute(connection, query("forget_entries"), args)


def _gap(connection: Connection, task: Task, first: bool) -> Gap | None:
    """Which rows of a table that has its triggers now were not captured."""
    listed = None if task.replaces else task.listed
    if not first and listed and listed.was_disabled:
        return Gap(OUT_BEFORE, 0)
    anew = task.step is Step.ATTACH or task.renames_keys
    if listed and listed.gap:
        return listed.gap
    if task.interrupted and listed:
        return _watched(connection, listed.id)
    return Gap(BEFORE_ANY, 0) if anew and not first else None


def _watched(connection: Connection, tab: int) -> Gap:
    """Since when it is not known that the triggers of a table were as they were made."""
    [row] = rows(connection, query("watched"), {"tab": tab})
    return Gap(row.stamp, int(row.xid))


def _fill(connection: Connection, task: Task) -> int:
    """Log the rows that were written while a table had no triggers; returns how many.

    In a transaction after that which made them, so that nobody waits; what is written in between is
    logged twice. If it does not come to that, they are still noted, for the next time.
    """
    if task.shape is None or task.step not in (Step.ATTACH, Step.REFRESH, Step.FILL):
        return 0
    listed = next((r for r in fetch_listed(connection) if r.relid == task.shape.oid), None)
    if listed is None or listed.gap is None or not listed.active:
        return 0
    reach("table_attached")
    with transaction(connection):
        set_local(connection, "lock_timeout", LOCK)
        gap = listed.gap
        logged = execute(connection, capture.enqueue(task.shape, listed.id, gap.stamp, gap.xid))
        if task.shape.counted:
            execute(connection, counting.begin(task.shape, listed.id, gap.stamp))
        _check_name(connection, task.shape)
        execute(connection, query("tables_filled"), {"id": listed.id})
        execute(connection, query("tables_revise"))
    return logged


def _release(connection: Connection, task: Task, shape: Shape, served: Sequence[int]) -> None:
    """Drop the triggers of a table; it sends until every site has what was captured before.

    Raises:
        TransientError: some site has not, and that is written down already.
    """
    listed, reason = task.listed, task.reason or ""
    if listed is not None:
        execute(connection, capture.detach(shape.name, listed.id))
    # Now that writers have ended, all that they wrote is seen.
    if listed and (listed.active or listed.owed) and former_shape(shape, listed):
        args = {"tab": listed.id, "served": list(served)}
        if not value(connection, query("table_is_sent"), args):
            if listed.active and listed.owed and listed.reason == reason + OWED:
                raise TransientError(reason + OWED)
            _check_name(connection, shape)
            execute(connection, query("tables_owe"), {"id": listed.id, "reason": reason + OWED})
            return
    tab = _write(connection, task)
    execute(connection, capture.detach(shape.name, tab))
    _check_name(connection, shape)
    gap = listed.gap or _watched(connection, tab) if listed and reason != DISABLED else None
    stamp, xid = (gap.stamp, str(gap.xid)) if gap else (None, None)
    execute(connection, query("tables_released"), {"id": tab, "stamp": stamp, "xid": xid})


def _rekey(connection: Connection, shape: Shape, listed: Listed, served: Sequence[int]) -> None:
    """Make a table ready for another key, if all sites have what the log tells by the old one.

    Rows that the old key cannot tell apart, which were written since nothing enforces it, are
    logged by the new one.

    Raises:
        TransientError: not yet.
    """
    why = "its key has changed: what was changed by the old one is on its way"
    _lock_when_stable(connection, shape, {"tab": listed.id, "served": list(served)}, why)
    former = keep_key(shape, listed)
    execute(connection, capture.rekey(shape, former, listed.id))
    if shape.counted:
        execute(connection, counting.rekey(shape, former, listed.id))
    if former.key_is_loose:
        execute(connection, capture.enqueue_alike(shape, former, listed.id))


def _count(connection: Connection, shape: Shape, listed: Listed, served: Sequence[int]) -> None:
    """Make a table ready to have other counters, if all sites have what was changed until now.

    So nothing that was written before is added up, and nothing that was added is taken for a value.

    Raises:
        TransientError: not yet.
    """
    why = "it has other counters when nothing of it is on its way"
    args = {
        "tab": listed.id,
        "served": list(served),
        "names": counters_name(shape.counted),
        "begun": shape.begun,
    }
    _lock_when_stable(connection, shape, args, why)
    if value(connection, query("counters_wait"), args):
        raise TransientError(why)
    execute(connection, query("counters_anew"), args)


def _lock_when_stable(
    connection: Connection, shape: Shape, args: Mapping[str, object], why: str
) -> None:
    """Lock a table against writers, who wait for at most 20 ms, and only where that is likely.

    Raises:
        TransientError: some site has not got all that was changed of it; that says `why`.
    """
    if not value(connection, query("table_is_stable"), args):
        raise TransientError(why)
    set_local(connection, "lock_timeout", "20ms")
    execute(connection, capture.lock(shape.name))
    if not value(connection, query("table_is_stable"), args):
        raise TransientError(why)


def _attach(connection: Connection, task: Task, gap: Gap | None) -> int:
    """Make the triggers of a table, and list it with them: nobody switched off what they were.

    `gap` says which of its rows are to be logged afterwards. Returns its id.
    """
    assert task.shape is not None
    tab = _write(connection, task)
    for statement in capture.attach(task.shape, tab):
        execute(connection, statement)
    if gap and task.shape.counted:
        execute(connection, counting.count_uncaptured(task.shape, tab))
    stamp, xid = (gap.stamp, str(gap.xid)) if gap else (None, None)
    args = {"id": tab, "stamp": stamp, "xid": xid, "out": bool(gap and gap.stamp == OUT_BEFORE)}
    execute(connection, query("tables_attached"), args)
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
    active = task.step in (Step.ATTACH, Step.REFRESH, Step.REKEY, Step.COUNT)
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
            "column_numbers": [c.number for c in shape.travelling],
            "merges": shape.merges,
            "counted": list(shape.counted),
            "relid": shape.oid,
            "shape": shape.digest if active else shape.ties,
            "key_numbers": list(shape.key_numbers),
            "key_operators": list(shape.key_operators),
            "key_types": list(shape.key_types),
            "out": task.reason == DISABLED,
        },
    )
