"""Which columns can be counters: columns to which the changes of all sites add up."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bondreplicate.core.shapes import Column, Shape

WHOLE = frozenset({"smallint", "integer", "bigint"})


def counters_name(names: Sequence[str]) -> str:
    """What replicate_tables.counters_begun calls a set of counters; "" for none."""
    return json.dumps(sorted(names), ensure_ascii=False) if names else ""


def times_begun(begun: Mapping[str, int], names: Sequence[str]) -> int:
    """How often a site has begun to add up these counters.

    Sites that have not begun equally often do not mean the same by the same number of changes.
    """
    return begun.get(counters_name(names), 0)


def why_not_counted(shape: Shape, names: Sequence[str]) -> str:
    """Why columns of a table cannot be counters, "" where they can; the first reason that holds.

    Args:
        shape: the table.
        names: of the columns.
    """
    known = {c.name: c for c in shape.columns}
    for name in names:
        if name not in known:
            return f"counters: there is no column {name}"
        if why := _why_not(shape, known[name]):
            return f"counters: column {name} {why}"
    return (
        "counters: a table that is merged by column has none" if names and by_column(shape) else ""
    )


def by_column(shape: Shape) -> bool:
    """Whether a table is merged by column, or is to be."""
    return shape.by_column or shape.resolve != "row"


def _why_not(shape: Shape, column: Column) -> str:
    name = column.name
    kept = column.stored in WHOLE or re.fullmatch(r"numeric\(.*\)", column.stored)
    points = {c for fk in shape.foreign_keys for c in fk.columns}
    told = re.compile(rf"(?<!\w){re.escape(name)}(?!\w)")
    special = [e for u in shape.uniques for e in (*u.expressions, u.predicate or "")]
    reasons = (
        (not kept, f"is {column.stored}: it has to be smallint, integer, bigint or numeric(p,s)"),
        (column.generated, "is generated"),
        (column.always, "is an identity column"),
        (not column.not_null, "may be null: make it NOT NULL"),
        (name in shape.key, "is in the key"),
        (name in points, "is in a foreign key"),
        (any(told.search(e) for e in special), "is in a unique index or an EXCLUDE constraint"),
    )
    return next((why for holds, why in reasons if holds), "")
