"""SQL of one table about its counters: columns to which the changes of all sites add up.

In templates, `c` is a row of replicate_counter, `v` what a statement made of a row.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import LiteralString

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
from bondreplicate.core.counters import WHOLE
from bondreplicate.core.shapes import Column, Shape
from bondreplicate.site.expressions import KeyOf, as_text, comma, table, timestamp

NOTHING = SQL("")
ONE_SPELLING = {"integer", "bigint", "smallint", "uuid", "boolean", "oid"}
"""Types of key columns whose equal values are the same text, whatever the settings."""


def function_name(tab: int) -> str:
    """Name of the second capture function, for UPDATE, that a table has which has counters."""
    return f"capture_counters_{tab}"


def counters_of(shape: Shape) -> list[Column]:
    """The counters of a table, in effect."""
    return [shape.column(name) for name in shape.counted]


def fits(shape: Shape) -> Composable:
    """Whether the counters of a table have the names that they had when this was rendered."""
    counters = counters_of(shape)
    return render(
        template("counters_fit"),
        numbers=Literal([c.number for c in counters]),
        names=Literal([c.name for c in counters]),
    )


def values(shape: Shape, of: LiteralString) -> Composable:
    """The counters of a row as an object: name to value."""
    return _object((c, render("{a}.{c}::numeric", a=SQL(of), c=Identifier(c.name)))
                   for c in counters_of(shape))  # fmt: skip


def _object(pairs: Iterable[tuple[Column, Composable]], *first: Composable) -> Composed:
    parts = [*first, *(render("{n}, {v}", n=Literal(c.name), v=v) for c, v in pairs)]
    return render("jsonb_build_object({p})", p=comma(parts))


def in_capture(shape: Shape, tab: int) -> dict[str, Composable]:
    """What the capture function does besides, by INSERT, DELETE and TRUNCATE."""
    if not shape.counted:
        return {"count_insert": NOTHING, "count_delete": NOTHING, "count_truncate": NOTHING}
    key = KeyOf(shape)
    row = key.own("r")
    parts = {
        "fits": fits(shape),
        "spell": _spelling(shape, tab),
        "tab": Literal(tab),
        "hash_row": key.hash(row),
        "key_row": key.text("r"),
        "key_equal_cr": key.equal(key.casts("c.key"), row),
        "start_r": values(shape, "r"),
    }
    return {
        f"count_{what}": render(template(f"counted_{what}"), **parts)
        for what in ("insert", "delete", "truncate")
    }


def _spelling(shape: Shape, tab: int) -> Composable:
    """A statement after which counts are told by the text that the key has now."""
    key = KeyOf(shape)
    if {c.type for c in key.columns} <= ONE_SPELLING:
        return NOTHING
    row = key.own("r")
    return render(
        template("counted_spelling"),
        tab=Literal(tab),
        hash_row=key.hash(row),
        key_row=key.text("r"),
        key_equal_cr=key.equal(key.casts("c.key"), row),
    )


def _key_texts(key: KeyOf, own: Sequence[Composable]) -> tuple[list[Composable], list[Composable]]:
    """Texts of the key columns, of equal keys as the row that is there now writes it.

    Returns:
        The texts, and what is to be selected with each key for that.
    """
    texts: list[Composable] = []
    spelt: list[Composable] = []
    for i, (column, value) in enumerate(zip(key.columns, own, strict=True), 1):
        text = as_text(value, column)
        if column.type not in ONE_SPELLING:
            name = Identifier(f"t{i}")
            spelt.append(render("max({t}) filter (where v.is_new) as {n}", t=text, n=name))
            text = render("v.{n}", n=name)
        texts.append(text)
    return texts, spelt


def capture(shape: Shape, tab: int, pinned: Composable, log_new: Composable) -> list[Composed]:
    """The function that adds up what UPDATE moves, and its trigger.

    Args:
        shape: the table.
        tab: its id here.
        pinned: SET clauses of the function.
        log_new: the statement that logs the rows as they are now.
    """
    key, counters = KeyOf(shape), counters_of(shape)
    names = [Identifier(f"k{i}") for i in range(1, len(key.columns) + 1)]
    own = [render("v.{n}", n=n) for n in names]
    ends = [render("v.{n}", n=Identifier(f"e{i}")) for i in range(1, len(counters) + 1)]
    begins = [render("v.{n}", n=Identifier(f"b{i}")) for i in range(1, len(counters) + 1)]
    moved = [render("{e} - {b}", e=e, b=b) for e, b in zip(ends, begins, strict=True)]
    sums = [
        render(
            "sum(v.{c}) filter (where v.is_new) as {e},"
            " sum(v.{c}) filter (where not v.is_new) as {b}",
            c=Identifier(f"c{i}"), e=Identifier(f"e{i}"), b=Identifier(f"b{i}"),
        )
        for i in range(1, len(counters) + 1)
    ]  # fmt: skip
    texts, spelt = _key_texts(key, own)
    create = render(
        template("capture_counters"),
        function=Identifier(function_name(tab)),
        by_index=SQL(template("by_index")),
        pinned=pinned,
        fits=fits(shape),
        tab=Literal(tab),
        key_columns=comma(own),
        key_r=comma(render("{v} as {n}", v=v, n=n)
                    for v, n in zip(key.own("r"), names, strict=True)),
        values_r=comma(render("r.{c}::numeric as {n}", c=Identifier(c.name), n=Identifier(f"c{i}"))
                       for i, c in enumerate(counters, 1)),
        sums=comma([*spelt, *sums]),
        and_numbers=_and_numbers(counters),
        hash_v=key.hash(own),
        key_v=render("array[{t}]::text []", t=comma(texts)),
        key_equal_cv=key.equal(key.casts("c.key"), own),
        moves=_differ(ends, begins),
        ends=_object(zip(counters, ends, strict=True)),
        begins=_object(zip(counters, begins, strict=True)),
        spell=_spelling(shape, tab),
        total=_total(counters, SQL("me"), [
            render("(excluded.totals #>> array[me, {n}])::numeric", n=Literal(c.name))
            for c in counters
        ]),
        first_total=_object(zip(counters, moved, strict=True), SQL("'changes', 1")),
        log_new=log_new,
    )  # fmt: skip
    trigger = render(
        template("attach_columns"),
        function=Identifier(function_name(tab)),
        table=table(shape.name),
    )
    return [create, trigger]


def _odd(column: Column) -> bool:
    """Whether a counter may be no number: NaN, to which nothing can be added."""
    return column.stored not in WHOLE


def _and_numbers(counters: Sequence[Column]) -> Composable:
    """What the count of old rows is taken by: 0 where a number became none, or none one."""
    odd = [Identifier(f"c{i}") for i, c in enumerate(counters, 1) if _odd(c)]
    if not odd:
        return NOTHING
    parts = [
        render("bool_or(v.{n} = 'NaN') and not bool_and(v.{n} = 'NaN')", n=name) for name in odd
    ]
    return render(" * (not ({p}))::integer", p=joined(" or ", parts))


def _differ(one: Sequence[Composable], other: Sequence[Composable]) -> Composable:
    pairs = zip(one, other, strict=True)
    return render("({d})", d=joined(" or ", [render("{a} is distinct from {b}", a=a, b=b)
                                             for a, b in pairs]))  # fmt: skip


def _total(counters: Sequence[Column], site: Composable, moved: Sequence[Composable]) -> Composed:
    """The total of this site after one more change."""
    sums = [
        render(
            "coalesce((c.totals #>> array[{s}, {n}])::numeric, 0) + ({m})",
            s=site, n=Literal(c.name), m=m,
        )
        for c, m in zip(counters, moved, strict=True)
    ]  # fmt: skip
    changes = render(
        "'changes', coalesce((c.totals #>> array[{s}, 'changes'])::bigint, 0) + 1", s=site
    )
    return _object(zip(counters, sums, strict=True), changes)


def _sum(column: Column, start: Composable, totals: Composable) -> Composed:
    """The value of a counter."""
    return render(
        "(({s} ->> {n})::numeric + bondreplicate.counter_sum({t}, {n}))",
        s=start, t=totals, n=Literal(column.name),
    )  # fmt: skip


def _before(column: Column, value: Composable, totals: Composable) -> Composed:
    """What a counter was before anything was added."""
    return render(
        "{v}::numeric - bondreplicate.counter_sum({t}, {n})",
        v=value, t=totals, n=Literal(column.name),
    )  # fmt: skip


def known(shape: Shape) -> Composable:
    """What travels with a row of what is known of its counters; null where the table has none."""
    if not shape.counted:
        return SQL("null::jsonb")
    return render("coalesce(n.counters, jsonb_build_object('begun', {b}))", b=Literal(shape.begun))


def begin(shape: Shape, tab: int, stamp: datetime) -> Composed:
    """The statement after which rows that were logged with a stamp are counted from there on."""
    key = KeyOf(shape)
    return render(
        template("begin_counters"),
        tab=Literal(tab),
        table=table(shape.name),
        stamp=timestamp(stamp),
        hash_row=key.hash(key.own("r")),
        key_row=key.text("r"),
        key_equal_cr=key.equal(key.casts("c.key"), key.own("r")),
        start_r=values(shape, "r"),
    )


def count_uncaptured(shape: Shape, tab: int) -> Composed:
    """Statements that count what was written while a table was not captured."""
    key, counters = KeyOf(shape), counters_of(shape)
    now = [render("v.{c}::numeric", c=Identifier(c.name)) for c in counters]
    told = [_sum(c, SQL("c.start"), SQL("c.totals")) for c in counters]
    odd = [v for c, *pair in zip(counters, now, told, strict=True) if _odd(c) for v in pair]
    found = {
        "tab": Literal(tab),
        "table": table(shape.name),
        "hash_v": key.hash(key.own("v")),
        "key_equal_cv": key.equal(key.casts("c.key"), key.own("v")),
        "differs": _differ(now, told),
    }
    anew = render(template("numbers_anew"), **found, start_v=values(shape, "v"), numbers=comma(odd))
    return render(
        template("count_uncaptured"),
        **found,
        numbers_anew=anew if odd else NOTHING,
        schema_name=Literal(shape.name[0]),
        table_name=Literal(shape.name[1]),
        total=_total(counters, SQL("s.site::text"), [render("{a} - {b}", a=a, b=b)
                                for a, b in zip(now, told, strict=True)]),
    )  # fmt: skip


def rekey(shape: Shape, former: Shape, tab: int) -> Composed:
    """Statements after which what was added to rows of a table is told by its key of now."""
    key, old = KeyOf(shape), KeyOf(former)
    return render(
        template("rekey_counters"),
        tab=Literal(tab),
        table=table(shape.name),
        same_row=old.equal(old.own("t"), old.casts("c.key")),
        hash_t=key.hash(key.own("t")),
        key_t=key.text("t"),
    )


def beside(shape: Shape, columns: Sequence[str], alias: LiteralString) -> Composed:
    """The texts of a row `t`, or null; its counters as they are staged, once there is a row.

    So rows that differ in nothing else are the same.
    """
    parts = [
        render("coalesce({a}.vals[{i}], {v})", a=SQL(alias), i=Literal(i), v=text)
        if name in shape.counted
        else text
        for i, (name, text) in enumerate(_texts(shape, columns), 1)
    ]
    return render("case when t.ctid is not null then array[{v}]::text [] end", v=comma(parts))


def _texts(shape: Shape, columns: Sequence[str]) -> list[tuple[str, Composable]]:
    return [
        (name, as_text(render("t.{c}", c=Identifier(name)), shape.column(name))) for name in columns
    ]


def applying(shape: Shape, columns: Sequence[str]) -> dict[str, Composable]:
    """What functions of an applying session say of the counters of a table.

    Args:
        shape: the table, as it is here.
        columns: names of the values of a staged row, in order.
    """
    key, counters = KeyOf(shape), counters_of(shape)
    nth = {c.name: i for i, c in enumerate(counters, 1)}
    sums = [_sum(c, SQL("n.start"), SQL("n.totals")) for c in counters]
    own = [render("t.{c}::numeric", c=Identifier(c.name)) for c in counters]
    staged = [
        render("s.vals[{i}]", i=Literal(list(columns).index(c.name) + 1)) for c in counters
    ]  # fmt: skip
    vals_n = [
        render("n.vals[{i}]", i=Literal(nth[name]))
        if name in nth
        else render("s.vals[{i}]", i=Literal(i))
        for i, name in enumerate(columns, 1)
    ]
    here = [
        as_text(_sum(shape.column(name), SQL("c.start"), SQL("c.totals")), shape.column(name))
        if name in nth
        else text
        for name, text in _texts(shape, columns)
    ]
    mine = [
        render("({s})::text", s=_sum(shape.column(name), SQL("c.start"), SQL("c.totals")))
        if name in nth
        else render("s.vals[{i}]", i=Literal(i))
        for i, name in enumerate(columns, 1)
    ]
    totals = SQL("coalesce(c.totals, '{}')")
    start_t = _object((c, _before(c, v, totals)) for c, v in zip(counters, own, strict=True))
    return {
        "begun": Literal(shape.begun),
        "key_equal_cs": key.equal(key.casts("c.key"), key.casts("s.key")),
        "key_equal_n": key.equal(key.own("t"), key.casts("n.key")),
        "key_equal_tc": key.equal(key.own("t"), key.casts("c.key")),
        "start_s": _object([(c, _before(c, v, SQL("i.totals")))
                            for c, v in zip(counters, staged, strict=True)]),
        "start_t": start_t,
        "values_s": _object((c, render("{v}::numeric", v=v))
                            for c, v in zip(counters, staged, strict=True)),
        "sums": comma(render("{s}::text", s=s) for s in sums),
        "differs": _differ(own, sums),
        "vals_n": render("array[{v}]::text []", v=comma(vals_n)),
        "vals_m": render("array[{v}]::text []", v=comma(mine)),
        "vals_c": render("array[{v}]::text []", v=comma(here)),
    }  # fmt: skip
