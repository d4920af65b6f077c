"""Writing the version that lost a conflict back, as a new change made at this site."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from bondreplicate.border.database import (
    SQL,
    Composed,
    Connection,
    Identifier,
    Literal,
    execute,
    joined,
    raw,
    render,
    rows,
    set_local,
    transaction,
    value,
)
from bondreplicate.border.sqlfiles import query, template
from bondreplicate.core.shapes import ForeignKey, Shape
from bondreplicate.core.undo import (
    BY_COLUMN,
    FOLLOWS_TO_NULL,
    Clash,
    Refusal,
    Row,
    Write,
    decide_undo,
)
from bondreplicate.errors import BondError, DatabaseError, SettingsError, TransientError, UnfitSite
from bondreplicate.site.conflicts import fetch_conflict
from bondreplicate.site.expressions import KeyOf, as_texts, cast, comma, element, table
from bondreplicate.site.health import fetch_down
from bondreplicate.site.listed import list_tables
from bondreplicate.site.tables import fetch_followed

PATIENCE = "5s"
AS_USERS = (
    "search_path", "datestyle", "intervalstyle", "timezone", "bytea_output",
    "extra_float_digits", "lc_monetary", "xmlbinary", "xmloption",
)  # fmt: skip
"""Settings that triggers of the table find as any session of the role would have them."""

BY_HAND = "write it by hand: `bondreplicate conflicts show {}` has every value"
TODO = {
    "23505": "another row has that value: change that one first, or write this one by hand with"
    " another value",
    "23P01": "another row has that value: change that one first, or write this one by hand with"
    " another value",
    "23503": "the other end of the foreign key has to be changed first; its row may have a"
    " conflict of its own to undo",
    "23502": "a column takes no null now: write the row by hand",
    "23514": "the row does not fit the table as it is now: write it by hand",
    "22P02": "a column has another type now: write the row by hand",
    "42501": "the role of the dsn has to be allowed to write to the table",
    "55P03": "somebody is changing that row: try again when they are done",
}
ACTIONS = {"c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT"}


@dataclass(frozen=True)
class Place:
    """The row that a conflict is about, in the table as it is here now.

    Attributes:
        tab: id of the table here.
        stays: why what is written to the table would stay at this site; "" where it is replicated.
        key: text of each key column.
        columns: those of the conflict that are still there and can be written; all, where it has
            no row.
        clears: columns that the foreign key that was broken sets to null.
        children: tables whose foreign keys reference the table.
    """

    tab: int
    stays: str
    shape: Shape
    key: Sequence[str]
    columns: Sequence[str]
    clears: Collection[str]
    children: Sequence[tuple[Shape, ForeignKey]]


@dataclass(frozen=True)
class Undone:
    """What `conflicts undo --json` prints.

    written: insert, update or delete; "" where nothing was. columns: that were written. differs:
    of them, those that a trigger of the table gave another value. reason: why nothing was written.
    """

    id: int
    table: str
    key: Sequence[str]
    undone: bool
    written: str = ""
    columns: Sequence[str] = ()
    differs: Sequence[str] = ()
    reason: str = ""
    hint: str = ""


def clash_of(conflict: dict[str, Any]) -> Clash:
    """What decides of a conflict."""
    undone = ""
    if conflict["undone_at"] is not None:
        undone = f"at {conflict['undone_at']:%Y-%m-%d %H:%M:%S %Z} by {conflict['undone_by']}"
    merged = conflict["winner_key"] is not None
    return Clash(
        conflict["winner_row"], conflict["loser_row"], merged, conflict["rule"], undone.strip()
    )


def name_of(conflict: dict[str, Any]) -> str:
    """Schema and name of the table, for people."""
    return f"{conflict['schema_name']}.{conflict['table_name']}"


def find_place(connection: Connection, conflict: dict[str, Any]) -> Place | Refusal:
    """The row that a conflict is about, at the site of a connection; why there can be none."""
    name, by_hand = name_of(conflict), BY_HAND.format(conflict["id"])
    shapes = fetch_followed(connection)
    wanted = (conflict["schema_name"], conflict["table_name"])
    shape = next((s for s in shapes if s.name == wanted), None)
    listed = next((t for t in list_tables(connection) if t.name == name), None)
    if shape is None:
        return Refusal(f"{name} is not here: it was dropped or renamed since", by_hand)
    key = key_of(conflict, shape)
    if key is None:
        return Refusal(f"{name} has another key now than when it happened", by_hand)
    known = [c.name for c in shape.travelling]
    row = conflict["loser_row"] or conflict["winner_row"] or known
    fk = next((f for f in shape.foreign_keys if f.name == conflict["constraint_name"]), None)
    clears = fk.clears if fk and conflict["rule"] == FOLLOWS_TO_NULL else ()
    children = [(s, f) for s in shapes for f in s.foreign_keys if f.parent == wanted]
    columns = [n for n in row if n in known]
    stays = ""
    if listed is None or not listed.active:
        stays = "is not replicated: what is written to it would stay at this site"
    return Place(listed.id if listed else 0, stays, shape, key, columns, clears, children)


def key_of(conflict: dict[str, Any], shape: Shape) -> Sequence[str] | None:
    """The key of the row that lost, by the columns that are the key now; None where unknown."""
    row = conflict["loser_row"] or (conflict["winner_row"] if not conflict["winner_key"] else None)
    if shape.key and row and all(row.get(name) is not None for name in shape.key):
        return [row[name] for name in shape.key]
    # A row without those columns is of a time when the key was another one.
    known = row is None and len(conflict["key"]) == len(shape.key)
    return conflict["key"] if shape.key and known else None


def fetch_row(
    connection: Connection, place: Place, *, lock: bool = False
) -> tuple[str | None, Row | None]:
    """Where the row is and what it is now; None where there is none.

    With `lock` it waits for whoever changes the row, and keeps others from changing it.
    """
    key = KeyOf(place.shape)
    wanted = [
        cast(render("({k}::text [])[{i}]", k=Literal(list(place.key)), i=Literal(i)), column)
        for i, column in enumerate(key.columns, 1)
    ]
    statement = render(
        template("undo_look"),
        table=table(place.shape.name),
        vals=as_texts(
            [render("t.{c}", c=Identifier(n)) for n in place.columns],
            [place.shape.column(n) for n in place.columns],
        ),
        key_equal=key.equal(key.own("t"), wanted),
        lock=SQL("for update of t" if lock else ""),
    )
    found = rows(connection, statement)
    if not found:
        return None, None
    return found[0].place, dict(zip(place.columns, found[0].vals, strict=True))


def fetch_winner(connection: Connection, conflict: dict[str, Any], place: Place) -> Row | None:
    """The row that stayed as it is now, where that has another key than the one that lost."""
    key = conflict["winner_key"]
    if not key or len(key) != len(place.shape.key):
        return None
    return fetch_row(connection, replace(place, key=key))[1]


def find_holder(connection: Connection, conflict: dict[str, Any], place: Place) -> Refusal | None:
    """Why a row cannot come back: the one that stayed has its unique value still."""
    now, lost = fetch_winner(connection, conflict, place), conflict["loser_row"] or {}
    index = next((u for u in place.shape.uniques if u.name == conflict["constraint_name"]), None)
    names = [n for n in index.columns if n] if index else []
    if now is None or not index or len(names) < len(index.columns):
        holds = now is not None and now == conflict["winner_row"]  # an expression: who can tell
    else:
        holds = all(n in now and n in lost and now[n] == lost[n] for n in names)
    if not holds:
        return None
    what = f"its value of {', '.join(names)}" if names else f"what {conflict['constraint_name']} is"
    key = ", ".join(map(str, conflict["winner_key"]))
    return Refusal(f"row {key}, which stayed, holds {what}", TODO["23505"])


def assess(
    connection: Connection, conflict: dict[str, Any], *, force: bool = False, lock: bool = False
) -> tuple[Write | Refusal, Place | None, str | None]:
    """What undoing would do now, or does in the transaction that is open, with `lock`.

    Returns:
        What to write, or why not; the row that it is about, and where that is now.
    """
    place = find_place(connection, conflict)
    if isinstance(place, Refusal):
        return place, None, None
    lacking = [n for n in conflict["loser_row"] or {} if n not in place.columns]
    if place.stays or lacking:
        what = f"has no column {', '.join(lacking)} any more that could be written"
        reason = f"{name_of(conflict)} {place.stays or what}"
        return Refusal(reason, BY_HAND.format(conflict["id"])), place, None
    at, now = fetch_row(connection, place, lock=lock)
    step = decide_undo(
        clash_of(conflict),
        now,
        clears=place.clears,
        counters=place.shape.counted,
        force=force,
    )
    if isinstance(step, Write) and step.verb == "delete" and not force:
        step = _decide_children(connection, place, at) or step
    return step, place, at


def undo(
    connection: Connection, conflict: dict[str, Any], site: int, *, who: str, force: bool
) -> Undone:
    """Write the version that lost back, in one transaction.

    Triggers of the table fire and constraints hold, as for any change that a user makes here;
    capture notes it, and so it travels to every site. Waits a few seconds for whoever has the row.

    Args:
        connection: autocommit, to this site.
        conflict: as fetch_conflict() gives it.
        site: number of this site.
        who: user of the operating system.
        force: also where the row was changed since.

    Raises:
        UnfitSite: replication is down. DatabaseError: PostgreSQL refuses the row; nothing is done.
    """
    if down := fetch_down(connection, site):
        raise UnfitSite(down, hint="what is written while it is down is no change of this site's")
    try:
        with transaction(connection):
            undone, place = _undo(connection, conflict, who, force)
    except BondError as error:
        raise _told(conflict, error) from error
    if place is None or undone.written == "delete":
        return undone
    _, now = fetch_row(connection, place)
    wanted = conflict["loser_row"]
    told = undone.columns if conflict["rule"] == BY_COLUMN else place.columns
    differs = [n for n in told if now is None or now[n] != wanted[n]]
    return Undone(**{**vars(undone), "differs": differs})


def _undo(
    connection: Connection, conflict: dict[str, Any], who: str, force: bool
) -> tuple[Undone, Place | None]:
    """The same inside the transaction; the place is None where nothing was written."""
    number, key = conflict["id"], conflict["key"]
    set_local(connection, "lock_timeout", PATIENCE)
    if not rows(connection, query("conflicts_lock"), {"id": number}):
        raise SettingsError(f"conflict {number} was purged just now")
    conflict = fetch_conflict(connection, number)
    step, place, at = assess(connection, conflict, force=force, lock=True)
    if isinstance(step, Refusal) or place is None:
        assert isinstance(step, Refusal)
        hint = render_hint(number, step)
        told = Undone(number, name_of(conflict), key, undone=False, reason=step.reason, hint=hint)
        return told, None
    execute(connection, query("conflicts_undone"), {"id": number, "who": who})
    _write(connection, place, step, conflict["loser_row"] or {}, at)
    if not value(connection, query("undo_captured"), {"tab": place.tab}):
        raise UnfitSite(
            "the change was not captured, and would stay at this site",
            hint="`bondreplicate doctor` tells what is wrong with the capture triggers",
        )
    told = Undone(number, name_of(conflict), key, True, step.verb, list(step.columns))
    return told, place


def render_hint(number: int, refusal: Refusal) -> str:
    """What can be done about a refusal."""
    if not refusal.may_force:
        return refusal.hint
    return f"`bondreplicate conflicts undo {number} --force` writes it back all the same"


def _decide_children(connection: Connection, place: Place, at: str | None) -> Refusal | None:
    """Why a row is not deleted: other rows would silently go, or change, with it."""
    for child, fk in place.children:
        if fk.action not in ACTIONS:
            continue
        points_at = joined(
            " and ",
            [
                render("t.{p} {op} c.{c}", p=Identifier(p), op=raw(op), c=Identifier(c))
                for p, op, c in zip(fk.parent_columns, fk.operators, fk.columns, strict=True)
            ],
        )
        statement = render(
            template("undo_children"),
            child=table(child.name),
            table=table(place.shape.name),
            points_at=points_at,
            place=Literal(at),
        )
        if value(connection, statement):
            what = f"rows of {'.'.join(child.name)} point at it, and {fk.name} would do"
            return Refusal(f"{what} {ACTIONS[fk.action]} to them", may_force=True)
    return None


def _write(connection: Connection, place: Place, step: Write, row: Row, at: str | None) -> None:
    execute(connection, _function(place.shape, step))
    args = {"vals": [row[n] for n in step.columns], "place": at, "settings": list(AS_USERS)}
    if not value(connection, query("undo_call"), args):
        name = ".".join(place.shape.name)
        raise DatabaseError(
            f"a trigger or a rule of {name} kept the row from being written",
            hint="write it by hand in the way that the application does",
        )


def _function(shape: Shape, step: Write) -> Composed:
    """pg_temp.bond_undo() for one step on one table."""
    names = [Identifier(n) for n in step.columns]
    values = [render("r.{n}", n=n) for n in names]
    assign = [
        render("r.{n} := {v};", n=n, v=cast(element(SQL("vals"), i), shape.column(c)))
        for i, (n, c) in enumerate(zip(names, step.columns, strict=True), 1)
    ]
    parts = {"table": table(shape.name)}
    if step.verb == "insert":
        write = render(template("undo_insert"), columns=comma(names), values=comma(values), **parts)
    elif step.verb == "update":
        pairs = zip(names, values, strict=True)
        sets = comma(render("{n} = {v}", n=n, v=v) for n, v in pairs)
        write = render(template("undo_update"), assignments=sets, **parts)
    else:
        write = render(template("undo_delete"), **parts)
    return render(template("undo"), assign=joined(" ", assign), write=write, **parts)


def _told(conflict: dict[str, Any], error: BondError) -> BondError:
    """An error with what was to be done, and what can be."""
    if not isinstance(error, DatabaseError):
        return error
    hint = TODO.get(error.sqlstate or "", error.hint)
    kind = TransientError if error.sqlstate == "55P03" else DatabaseError
    key = ", ".join(map(str, conflict["key"]))
    words = f"conflict {conflict['id']} is not undone, {name_of(conflict)}, key {key}: "
    return kind(words + error.message, hint=hint, sqlstate=error.sqlstate)
