"""SQL of one table where it is changed: capture triggers, logging of old rows, extraction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bondreplicate.border.database import (
    SQL,
    Composable,
    Composed,
    Identifier,
    Literal,
    joined,
    render,
)
from bondreplicate.border.sqlfiles import template
from bondreplicate.core.shapes import COLUMN, Shape, TableName
from bondreplicate.site import counting
from bondreplicate.site.expressions import (
    KeyOf,
    as_text,
    as_texts,
    comma,
    regclass,
    table,
    timestamp,
)

TEXT_NEVER_DEPENDS = {
    "integer", "bigint", "smallint", "text", "character varying", "bpchar", "uuid",
    "numeric", "boolean", "name", "inet", "cidr", "oid",
}  # fmt: skip


def function_name(shape_id: int) -> str:
    """Name of the capture function of the table with that replicate_tables.id."""
    return f"capture_{shape_id}"


def columns_function_name(shape_id: int) -> str:
    """Name of the second one, for UPDATE, that a table has which is merged by column."""
    return f"capture_columns_{shape_id}"


def pinned(shape: Shape) -> Composable:
    """SET clauses for the capture function, only where the text of the key depends on settings."""
    types = {shape.column(name).type for name in shape.key}
    if types <= TEXT_NEVER_DEPENDS:
        return SQL("")
    return SQL(template("pinned"))


def attach(shape: Shape, tab: int) -> list[Composed]:
    """Statements that create the capture function and the triggers of a table."""
    key, function = KeyOf(shape), Identifier(function_name(tab))
    old = key.own("old")
    create = render(
        template("capture"),
        function=function,
        pinned=joined("", [SQL(template("by_index")) if shape.counted else SQL(""), pinned(shape)]),
        tab=Literal(tab),
        hash_old=key.hash(old),
        key_old=key.text("old"),
        key_new=key.text("new"),
        log_old=_log_rows(key, tab, "bond_old"),
        log_new=_log_rows(key, tab, "bond_new"),
        **counting.in_capture(shape, tab),
    )
    changed = joined(
        " or ",
        [render("old.{c} is distinct from new.{c}", c=Identifier(c.name)) for c in key.columns],
    )
    triggers = render(
        template("attach"), function=function, table=table(shape.name), key_changed=changed
    )
    # As is wished: what is written from now on is of whole rows, if the table is to be merged so.
    if shape.resolve == COLUMN:
        more = _attach_columns(shape, tab)
    else:
        log_new = _log_rows(key, tab, "bond_new")
        more = counting.capture(shape, tab, pinned(shape), log_new) if shape.counted else []
    other = {
        columns_function_name(tab): shape.resolve == COLUMN,
        counting.function_name(tab): bool(shape.counted),
    }
    return [create, triggers, *more, *_drop(*(name for name, used in other.items() if not used))]


def _log_rows(key: KeyOf, tab: int, rows: str) -> Composed:
    """The statement of a trigger that logs the rows of a transition table."""
    return render(
        template("capture_rows"),
        tab=Literal(tab),
        hash_row=key.hash(key.own("r")),
        key_row=key.text("r"),
        rows=Identifier(rows),
    )


def _attach_columns(shape: Shape, tab: int) -> list[Composed]:
    """The function that looks at UPDATE column by column, and its trigger."""
    key, function = KeyOf(shape), Identifier(columns_function_name(tab))
    old, row = key.own("o"), key.own("r")
    groups = shape.groups
    changed = [
        render(
            "case when record_image_ne(row({old}), row({new})) then {n} end",
            old=comma(render("o.{c}", c=Identifier(c)) for c in groups[column.name]),
            new=comma(render("r.{c}", c=Identifier(c)) for c in groups[column.name]),
            n=Literal(column.number),
        )
        for column in shape.travelling
    ]
    create = render(
        template("capture_columns"),
        function=function,
        pinned=pinned(shape),
        tab=Literal(tab),
        hash_row=key.hash(row),
        key_row=key.text("r"),
        key_same=key.equal(old, row),
        was_there=render("{k} is distinct from null", k=old[0]),
        changed=comma(changed),
        log_new=_log_rows(key, tab, "bond_new"),
        # There must be no column that the function does not know.
        numbers=Literal([*(c.number for c in shape.travelling), shape.width + 1]),
        names=Literal([*(c.name for c in shape.travelling), None]),
    )
    trigger = render(template("attach_columns"), function=function, table=table(shape.name))
    return [create, trigger]


def enqueue(shape: Shape, tab: int, stamp: datetime, since: int = 0) -> Composed:
    """The statement that logs the rows of a table, all with the same stamp.

    Args:
        shape: the table, as it is here.
        tab: its id here.
        stamp: their stamp. What waits parked is compared with it: it may be as old as anything, or
            later, and without a version they would give way to it.
        since: only rows that this transaction wrote, or a later one; 0: all.
    """
    key = KeyOf(shape)
    return render(
        template("enqueue"),
        tab=Literal(tab),
        stamp=timestamp(stamp),
        since=Literal(since),
        table=table(shape.name),
        hash_row=key.hash(key.own("r")),
        key_row=key.text("r"),
    )


def rekey(shape: Shape, former: Shape, tab: int) -> Composed:
    """Statements that make the log tell the rows of a table by its key of now."""
    key, old = KeyOf(shape), KeyOf(former)
    return render(
        template("rekey"),
        tab=Literal(tab),
        table=table(shape.name),
        same_row=old.equal(old.own("t"), old.casts("l.key")),
        hash_t=key.hash(key.own("t")),
        key_t=key.text("t"),
    )


def enqueue_alike(shape: Shape, former: Shape, tab: int) -> Composed:
    """The statement that logs rows which another key, that they had, does not tell apart."""
    key, old = KeyOf(shape), KeyOf(former)
    nulls = [render("{v} is not distinct from null", v=v) for v in old.own("r")]
    return render(
        template("enqueue_alike"),
        tab=Literal(tab),
        table=table(shape.name),
        hash_row=key.hash(key.own("r")),
        key_row=key.text("r"),
        none=joined(" or ", nulls),
        alike=old.equal(old.own("t"), old.own("r")),
    )


def send_again(shape: Shape, tab: int) -> Composed:
    """The statement that logs one key again; takes its text and version as parameters."""
    key = KeyOf(shape)
    return render(template("send_again"), tab=Literal(tab), hash=key.hash(key.casts("r.key")))


def lock(name: TableName) -> Composed:
    """The statement that keeps writers out of a table."""
    return render(template("lock_table"), table=table(name))


def detach(name: TableName, tab: int) -> Composed:
    """Statements that drop the triggers and the capture function of a table."""
    detach = render(template("detach"), table=table(name), function=Identifier(function_name(tab)))
    return joined("\n", [detach, *_drop(columns_function_name(tab), counting.function_name(tab))])


def drop_functions(tab: int) -> Composed:
    """Statements that drop the capture functions of a table that is gone."""
    return joined(
        "\n", _drop(function_name(tab), columns_function_name(tab), counting.function_name(tab))
    )


def _drop(*names: str) -> list[Composed]:
    return [render(template("drop_function"), function=Identifier(name)) for name in names]


def unreadable(shape: Shape, tab: int) -> Composed:
    """The function `pg_temp.unreadable_<tab>()`: takes out of the log what is no key now."""
    key = KeyOf(shape)
    casts = key.casts("one.key")
    reads = [
        render(template("unreadable_column"), cast=c, place=Literal(i), type=Literal(column.type))
        for i, (c, column) in enumerate(zip(casts, key.columns, strict=True), 1)
    ]
    alike = [
        render(
            "({i} = any(loose) or one.key[{i}] = {v})",
            i=Literal(i),
            v=as_text(render("r.{c}", c=Identifier(column.name)), column),
        )
        for i, column in enumerate(key.columns, 1)
    ]
    return render(
        template("unreadable"),
        function=Identifier(f"unreadable_{tab}"),
        tab=Literal(tab),
        hash_l=key.hash(key.casts("l.key")),
        reads=joined("\n        ", reads),
        table=table(shape.name),
        schema_name=Literal(shape.name[0]),
        table_name=Literal(shape.name[1]),
        hash_row=key.hash(key.own("r")),
        key_row=key.text("r"),
        alike=joined(" and ", alike),
    )


def extract(shape: Shape, tab: int, rows: Composed) -> list[Composed]:
    """The functions `pg_temp.extract_<tab>(since)`, rows of this table for a link, and what checks.

    Args:
        shape: the table, as it is here.
        tab: its id here.
        rows: extract_rows() with `since` as its position.
    """
    extracted = Identifier(f"extracted_{tab}")
    check = render(
        template("extracted"),
        function=extracted,
        regclass=regclass(shape.name),
        oid=Literal(shape.oid),
        all_columns=Literal([c.name for c in shape.travelling]),
    )
    function = Identifier(f"extract_{tab}")
    return [check, render(template("extract"), function=function, extracted=extracted, rows=rows)]


def extract_rows(
    shape: Shape, tab: int, target: int, me: int, columns: Sequence[str], since: Composable
) -> Composed:
    """The query of the rows of this table that are not in a position.

    Args:
        shape: the table, as it is here.
        tab: its id here.
        target: its id at the target.
        me: number of this site.
        columns: names of the columns to send, in the order in which they are sent.
        since: the position.
    """
    key = KeyOf(shape)
    names = [Identifier(f"k{i}") for i in range(1, len(key.columns) + 1)]
    mine = [render("k.{n}", n=n) for n in names]
    casts = key.casts("l.key")
    vals = [as_text(render("t.{c}", c=Identifier(c)), shape.column(c)) for c in columns]
    known = {
        "tab": Literal(tab),
        "me": Literal(me),
        "hash_k": key.hash(mine),
        "key_equal_lk": key.equal(casts, mine),
        "numbers": Literal([c.number for c in shape.travelling]),
        "names": Literal([c.name for c in shape.travelling]),
        "begun": Literal(shape.begun),
        "key_equal_ck": key.equal(key.casts("c.key"), mine),
    }
    # Else the collation of a column and that of the log's keys would leave it open how to sort.
    plain = [
        render('({v}) collate pg_catalog."default"', v=as_text(v, c))
        for v, c in zip(key.own("r"), key.columns, strict=True)
    ]
    return render(
        template("extract_rows"),
        since=since,
        cells=SQL("h.cells" if shape.by_column else "null::jsonb"),
        remembered=render(template("cells"), **known) if shape.by_column else SQL(""),
        counters=counting.known(shape),
        added=render(template("added"), **known) if shape.counted else SQL(""),
        target=Literal(target),
        tab=Literal(tab),
        me=Literal(me),
        row_now=render(
            template("one_row") if shape.key_is_loose else "only {table} as t on {same}",
            table=table(shape.name),
            same=key.equal(key.own("t"), mine),
        ),
        table=table(shape.name),
        late=render(template("late_truncate"), tab=Literal(tab), me=Literal(me), since=since),
        key_plain=joined("", [SQL("array["), comma(plain), SQL("]::text []")]),
        key_text=as_texts(mine, key.columns),
        key_names=comma(render("e.{n}", n=n) for n in names),
        key_typed=comma(render("{v} as {n}", v=v, n=n) for v, n in zip(casts, names, strict=True)),
        key_casts=comma(casts),
        key_equal_lk=key.equal(casts, mine),
        hash_k=key.hash(mine),
        vals=comma(vals),
    )
