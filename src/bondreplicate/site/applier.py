"""SQL of one table where changes of it are applied: the functions of an applying session."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

from bondreplicate.border.database import (
    SQL,
    Composable,
    Composed,
    Identifier,
    Literal,
    joined,
    raw,
    render,
)
from bondreplicate.border.sqlfiles import template
from bondreplicate.core.policies import LATEST, Policy
from bondreplicate.core.shapes import Column, ForeignKey, Shape, TableName, Unique
from bondreplicate.site import capture, counting
from bondreplicate.site.expressions import (
    BEFORE_ANY,
    FALSE,
    TRUE,
    KeyOf,
    as_text,
    as_texts,
    cast,
    comma,
    element,
    every,
    places,
    points_at,
    regclass,
    same_values,
    table,
    timestamp,
)
from bondreplicate.site.preference import prefer, told_here

ONE_TEXT = {
    "integer", "bigint", "smallint", "text", "character varying", "uuid", "boolean", "date",
    "timestamp with time zone", "timestamp without time zone", "oid", "name", "bytea",
}  # fmt: skip
"""Types whose equal values look alike; in others (numeric, citext) 1.0 = 1.00."""


@dataclass(frozen=True)
class Neighbour:
    """A foreign key that points at a table.

    Attributes:
        child: the table that has it.
        tab: id of the child; None: not replicated.
        columns: names of the values of the child that travel.
        foreign_key: the key itself.
    """

    child: Shape
    tab: int | None
    columns: Sequence[str]
    foreign_key: ForeignKey


class Applier:
    """Renders the functions `pg_temp.<what>_<tab>` that apply changes of one table.

    Args:
        shape: the table as it is here. tab: its id here.
        columns: names of the values of a staged row, in order; a subset of the table's columns.
        neighbours: foreign keys of other tables that point at this one.
        known: replicated tables here by name: id and shape. policy: in force on this link.
    """

    def __init__(
        self,
        shape: Shape,
        tab: int,
        columns: Sequence[str],
        neighbours: Sequence[Neighbour],
        known: Mapping[TableName, tuple[int, Shape]],
        policy: Policy = LATEST,
    ) -> None:
        self.shape, self.tab, self.columns = shape, tab, list(columns)
        self.neighbours, self.known, self.policy = neighbours, known, policy
        key = self.key = KeyOf(shape)
        staged = key.casts("s.key")
        vals = comma(as_text(render("t.{c}", c=Identifier(c)), shape.column(c)) for c in columns)
        extras = [c for c in shape.travelling if c.name not in columns]
        self.common: dict[str, Composable] = {
            "tab": Literal(tab),
            "table": table(shape.name),
            "schema_name": Literal(shape.name[0]),
            "table_name": Literal(shape.name[1]),
            "display": Literal(".".join(shape.name)),
            "regclass": regclass(shape.name),
            "oid": Literal(shape.oid),
            "key_text": key.text("t"),
            "key_equal_s": key.equal(key.own("t"), staged),
            "key_equal_l": key.equal(key.casts("l.key"), staged),
            "key_equal_m": key.equal(key.own("t"), key.casts("m.key")),
            "key_equal_w": key.equal(key.own("t"), key.casts("wanted")),
            "key_equal_lw": key.equal(key.casts("l.key"), key.casts("wanted")),
            "key_equal_lt": key.equal(key.own("t"), key.casts("l.key")),
            "key_equal_sn": key.equal(staged, key.casts("n.key")),
            "hash_s": key.hash(staged),
            "hash_t": key.hash(key.own("t")),
            "hash_w": key.hash(key.casts("wanted")),
            "vals": render("array[{v}]::text []", v=vals),
            "vals_or_null": render(
                "case when t.ctid is not null then array[{v}]::text [] end",
                v=vals,
            ),
            "key_columns": render("{c}::name []", c=Literal(list(shape.key))),
            "columns_array": render("{c}::name []", c=Literal(self.columns)),
            "referenced": TRUE if neighbours else FALSE,
            "local_vals": as_texts([render("t.{c}", c=Identifier(c.name)) for c in extras], extras),
        }
        self.extras = extras
        self.by = "_columns" if shape.by_column else ""
        numbers = self.common["numbers"] = render(
            "{n}::smallint []", n=Literal(shape.numbers_of(columns))
        )
        self.common["names"] = render("{n}::text []", n=Literal(self.columns))
        self.common["told_here"] = told_here(policy)
        if shape.counted:
            self.common |= counting.applying(shape, self.columns)
        # Of columns that only this site has, no other one has written any.
        self.common["all_numbers"] = numbers if extras else SQL("null::smallint []")
        self.common["pointed"] = as_texts(
            [render("t.{c}", c=Identifier(c)) for c in self.pointed],
            [shape.column(c) for c in self.pointed],
        )

    @property
    def pointed(self) -> list[str]:
        """Columns that foreign keys point at; not all of them need to travel."""
        return sorted({c for n in self.neighbours for c in n.foreign_key.parent_columns})

    def statements(self) -> list[Composed]:
        """All functions of the table."""
        tab, policy = self.tab, self.policy
        return [
            self._simple("waiting"),
            self._simple("locked", loose=self._loose()),
            self._simple("lock", counted=TRUE if self.shape.counted else FALSE),
            self._simple("contest", by=f"contest{self.by}", vals_or_null=self._here("m")),
            self._simple("seeds", before_any=timestamp(BEFORE_ANY), vals_or_null=self._here("s")),
            *(self._simple(what) for what in ("counters", "behind") if self.shape.counted),
            self._simple("truncate"),
            self._simple("fetch"),
            self._simple("seen", by=f"seen{self.by}"),
            *([self._simple("latest")] if self.by else []),
            *([prefer(tab, self.common, policy)] if policy != LATEST else []),
            capture.unreadable(self.shape, self.tab),
            self._merge(),
            self._orphans(),
            self._clashes(),
        ]

    def _simple(self, what: str, by: str = "", **more: Composable) -> Composed:
        parts = {**self.common, "columns": self.common["columns_array"], **more}
        return render(template(by or what), function=Identifier(f"{what}_{self.tab}"), **parts)

    def _here(self, alias: LiteralString) -> Composable:
        """The row that is here, to be compared with the staged one: counters never differ."""
        if not self.shape.counted:
            return self.common["vals_or_null"]
        return counting.beside(self.shape, self.columns, alias)

    def _count(self, what: str) -> Composable:
        """What merging does besides, where the table has counters."""
        return render(template(what), **self.common) if self.shape.counted else SQL("")

    def _loose(self) -> Composable:
        """What looks for keys that several rows have, where nothing keeps them from it."""
        if not self.shape.key_is_loose:
            return SQL("")
        return render(template("loose"), **self.common)

    def staged(self, name: str) -> Composable:
        """The staged value of a column, typed."""
        place = self.columns.index(name) + 1
        return cast(element(SQL("s.vals"), place), self.shape.column(name))

    def _merge(self) -> Composed:
        names = [Identifier(c) for c in self.columns]
        values = [self.staged(c) for c in self.columns]
        kept = [cast(element(SQL("m.vals"), i), c) for i, c in enumerate(self.extras, 1)]
        settable = [c for c in self.columns if self._may_set(self.shape.column(c))]
        update = self._simple_update(settable) if settable else SQL("null;")
        return self._simple(
            "merge",
            columns=comma(names),
            values=comma(values),
            all_columns=comma([*names, *(Identifier(c.name) for c in self.extras)]),
            all_values=comma([*values, *kept]),
            update=update,
            remember=render(template(f"remember{self.by}"), **self.common),
            count_mine=self._count("count_mine"),
            count_gone=self._count("count_gone"),
            reference_changed=self._reference_changed(),
            identity_changed=self._identity_changed(),
        )

    def _may_set(self, column: Column) -> bool:
        """Whether UPDATE writes a column: equal keys may be written in different ways."""
        looks_alone = column.name in self.shape.key and column.type in ONE_TEXT
        return not column.always and not looks_alone

    def _identity_changed(self) -> Composable:
        """Whether a staged row has another value in a column that UPDATE may not set."""
        fixed = [c for c in self.columns if self.shape.column(c).always and c not in self.shape.key]
        return render("({c})", c=self._changes(fixed)) if fixed else FALSE

    def _simple_update(self, columns: Sequence[str]) -> Composed:
        pairs = [render("{c} = {v}", c=Identifier(c), v=self.staged(c)) for c in columns]
        return render(template("update"), assignments=comma(pairs), **self.common)

    def _reference_changed(self) -> Composable:
        """Whether a staged row changes a column, outside its key, that foreign keys point at."""
        watched = [c for c in self.pointed if c not in self.shape.key and c in self.columns]
        if any(self.shape.column(c).generated for c in self.pointed):
            watched = [c for c in self.columns if c not in self.shape.key]
        return render("({c})", c=self._changes(watched)) if watched else FALSE

    def _changes(self, columns: Sequence[str]) -> Composed:
        """Whether a staged row differs in one of these columns."""
        changes = [
            render(
                "{t} is distinct from {v}",
                t=as_text(render("t.{c}", c=Identifier(c)), self.shape.column(c)),
                v=self._text(c),
            )
            for c in columns
        ]
        return joined(" or ", changes)

    def _text(self, name: str) -> Composable:
        return element(SQL("s.vals"), self.columns.index(name) + 1)

    def _orphans(self) -> Composed:
        blocks = [self._as_child(fk) for fk in self.shape.foreign_keys]
        blocks += [self._as_parent(n) for n in self.neighbours]
        return render(
            template("orphans"),
            function=Identifier(f"orphans_{self.tab}"),
            blocks=joined("\n    ", blocks or [SQL("more := broken;")]),
        )

    def _as_child(self, fk: ForeignKey) -> Composed:
        key = self.key
        parent = self.known.get(fk.parent)
        by_key = parent is not None and parent[1].key == fk.parent_columns
        return render(
            template("orphans_child"),
            tab=Literal(self.tab),
            child=table(self.shape.name),
            parent=table(fk.parent),
            child_is_staged=key.equal(key.own("c"), key.casts("s.key")),
            parent_of_child=points_at(fk),
            not_null=every(
                render("c.{c} is distinct from null", c=Identifier(c)) for c in fk.columns
            ),
            constraint=Literal(fk.name),
            action=Literal(fk.action),
            positions=places(self.columns, fk.columns),
            clears=places(self.columns, fk.clears),
            **self._defaults(fk, self.shape),
            key_positions=places(self.columns, self.shape.key),
            parent_positions=SQL("null::jsonb"),
            child_fixed=_but(self.columns, fk.columns, "c", self.shape),
            parent_tab=Literal(parent[0] if parent else None),
            parent_key=as_texts(
                [render("c.{c}", c=Identifier(c)) for c in fk.columns],
                [self.shape.column(c) for c in fk.columns],
            )
            if by_key
            else SQL("null::text []"),
        )

    def _as_parent(self, neighbour: Neighbour) -> Composed:
        child, fk, names = neighbour.child, neighbour.foreign_key, list(neighbour.columns)
        pairs = zip(fk.columns, fk.operators, fk.parent_columns, strict=True)
        return render(
            template("orphans_parent"),
            tab=Literal(self.tab),
            child=table(child.name),
            parent=table(self.shape.name),
            child_tab=Literal(neighbour.tab),
            child_key=KeyOf(child).text("c") if child.key else SQL("null::text []"),
            constraint=Literal(fk.name),
            action=Literal(fk.action),
            positions=places(names, fk.columns),
            clears=places(names, fk.clears),
            **self._defaults(fk, child),
            key_positions=places(names, child.key),
            parent_positions=places(self.columns, fk.parent_columns),
            parent_now=self._parent_now(fk),
            child_fixed=_but(names, fk.columns, "c", child),
            child_of_removed=every(
                render(
                    "{value} {op} c.{c}",
                    value=cast(
                        element(SQL("r.pointed"), self.pointed.index(p) + 1), self.shape.column(p)
                    ),
                    op=raw(op),
                    c=Identifier(c),
                )
                for c, op, p in pairs
            ),
            parent_of_child=points_at(fk),
        )

    def _defaults(self, fk: ForeignKey, child: Shape) -> dict[str, Composable]:
        """What SET DEFAULT sets, a jsonb array of texts; null: that cannot be looked up."""
        parent = self.known.get(fk.parent)
        if fk.action != "d" or parent is None or parent[1].key != fk.parent_columns:
            return {"defaults": SQL("null::jsonb"), "full": FALSE}
        texts = [
            as_text(
                render("(({e})::{t})", e=raw(e or "null"), t=raw(child.column(c).type)),
                child.column(c),
            )
            for c, e in zip(fk.clears, fk.defaults, strict=True)
        ]
        defaults = render("jsonb_build_array({t})", t=comma(texts))
        return {"defaults": defaults, "full": TRUE if fk.full else FALSE}

    def _parent_now(self, fk: ForeignKey) -> Composable:
        """What the parent, or the one it was merged into, has where values do not travel."""
        if all(p in self.columns for p in fk.parent_columns):
            return SQL("null::jsonb")
        return render(
            template("orphans_now"),
            tab=Literal(self.tab),
            parent=table(self.shape.name),
            vals=_but(self.columns, fk.parent_columns, "p", self.shape),
            same=self.key.equal(self.key.own("p"), self.key.casts("k.key")),
        )

    def _clashes(self) -> Composed:
        blocks = [self._clash(u) for u in self.shape.uniques if not u.is_key]
        return render(
            template("clashes"),
            function=Identifier(f"clashes_{self.tab}"),
            blocks=joined("\n    ", blocks or [SQL("return;")]),
        )

    def _free_name(self, name: str) -> str:
        """A name that no column has."""
        taken = {c.name for c in self.shape.columns}
        while name in taken:
            name += "_"
        return name

    def _clash(self, unique: Unique) -> Composed:
        typed = [
            render("{v} as {c}", v=self.staged(c.name) if c.name in self.columns else
                   render("null::{t}", t=raw(c.type)), c=Identifier(c.name))
            for c in self.shape.columns if not c.expression
        ]  # fmt: skip
        expressions = [
            render("({e}) as {n}", e=raw(e), n=Identifier(f"e{i}"))
            for i, e in enumerate(unique.expressions)
        ]
        generated = [
            render(", ({e})::{t} as {c}", e=raw(c.expression), t=raw(c.type), c=Identifier(c.name))
            for c in self.shape.columns
            if c.expression
        ]
        return render(
            template("clashes_index"),
            tab=Literal(self.tab),
            table=table(self.shape.name),
            key=Identifier(self._free_name("key")),
            key_text=self.key.text("t"),
            expressions=comma(expressions),
            typed=comma(typed),
            generated=joined("", generated),
            predicate=raw(unique.predicate) if unique.predicate else TRUE,
            same=every(same_values(unique, i) for i in range(len(unique.expressions))),
            constraint=Literal(unique.name),
        )


def _but(
    columns: Sequence[str], wanted: Sequence[str], alias: LiteralString, shape: Shape
) -> Composed:
    """A jsonb array of the wanted values that do not travel; null for those that do."""
    texts = [
        as_text(render("{a}.{c}", a=SQL(alias), c=Identifier(c)), shape.column(c))
        if c not in columns
        else SQL("null::text")
        for c in wanted
    ]
    return render("jsonb_build_array({t})", t=comma(texts))
