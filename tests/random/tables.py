"""Random tables: primary keys, unique constraints and foreign keys of every kind there is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

TYPES = ("int", "int", "text", "uuid")
DELETES = ("no action", "restrict", "cascade", "set null", "set default")
UPDATES = ("no action", "no action", "cascade", "set null", "set default", "restrict")
DEFERRED = ("", "", "deferrable", "deferrable initially deferred")
IDS = 4
UNIQUES = (
    "alter table {t} add unique (u0)",
    "alter table {t} add unique (u0) include (u1)",
    "alter table {t} add unique (u1) deferrable initially deferred",
    "alter table {t} add unique (u0, u1)",
    "alter table {t} add unique nulls not distinct (u1)",
    "alter table {t} add unique nulls not distinct (u0, u1)",
    "create unique index on {t} (u0) where u1 is not null",
    "create unique index on {t} (u1) where u0 > 1",
    "create unique index on {t} ((u0 / 2), u1)",
    "alter table {t} add constraint {t}_x exclude using btree (u1 with =) where (u0 > 1)",
)
MERGES = (*("row",) * 12, *("column",) * 4, "site_priority", "site_priority", "hook", "hook_keeps")
KEPT = {"hook": "later", "hook_keeps": "coalesce(later, earlier)"}
"""Two hooks: of a row and its deletion the later stays, or the row."""
COUNTER = "n"


@dataclass
class ForeignKey:
    """`columns` refer to `refers` of `parent`; `tail` is the rest of the clause."""

    columns: list[str]
    parent: str
    refers: list[str]
    tail: str


@dataclass
class Table:
    """Columns by name and type: those of the key, `mark`, two numbers, references, a counter.

    Attributes:
        fixed: Columns that refuse null.
        code: Whether u0 alone is unique, so that others may refer to it.
        merge: Which of two changes of a row stays: one of MERGES.
        priority: Sites, for the merge "site_priority".
    """

    name: str
    key: list[str]
    columns: dict[str, str]
    fixed: list[str] = field(default_factory=list)
    uniques: list[str] = field(default_factory=list)
    foreign_keys: list[ForeignKey] = field(default_factory=list)
    code: bool = False
    merge: str = "row"
    priority: list[int] = field(default_factory=list)

    @property
    def counts(self) -> bool:
        """Whether it has a counter."""
        return COUNTER in self.columns

    @property
    def plain(self) -> list[str]:
        """Columns that versions decide: all but a counter."""
        return [c for c in self.columns if c != COUNTER]

    def without_counter(self, row: Iterable[str | None] | None) -> tuple[str | None, ...] | None:
        """Of the texts of a whole row, those of the plain columns."""
        pairs = zip(self.columns, row or (), strict=row is not None)
        return row and tuple(v for c, v in pairs if c != COUNTER)

    def ddl(self) -> str:
        """Makes the table, without what refers to others."""
        columns = [
            f"{name} {kind}{' not null' if name in self.fixed else ''}{self._default(name)}"
            for name, kind in self.columns.items()
        ]
        made = f"create table {self.name} ({', '.join(columns)}, primary key ({commas(self.key)}))"
        made = ";\n".join([made, *(u.format(t=self.name) for u in self.uniques)]) + ";\n"
        said = f"-- {self.name} is merged by {self.merge} {self.priority or ''}\n"
        return made + (said if self.merge != "row" else "") + self._hook_ddl()

    def _hook_ddl(self) -> str:
        if self.merge not in KEPT:
            return ""
        return (
            f"create function hook_{self.name}(key text[], later jsonb, earlier jsonb,"
            " later_version jsonb, earlier_version jsonb) returns jsonb immutable language sql as"
            f" $$ select {KEPT[self.merge]} || jsonb_build_object('u0',"
            " greatest((later ->> 'u0')::int, (earlier ->> 'u0')::int)) $$;\n"
        )

    def settings(self, schema: str) -> dict[str, Any]:
        """What replicate_tables has to say of it, in a schema."""
        hook = self.merge in KEPT
        return {
            "table": self.name,
            "resolve": "column" if self.merge == "column" else "row",
            "policy": "hook" if hook else self.merge if self.priority else "latest",
            "priority": self.priority,
            "hook": f"{schema}.hook_{self.name}" if hook else None,
            "counters": [COUNTER] if self.counts else [],
        }

    def _default(self, name: str) -> str:
        if name == COUNTER:
            return " default 0"
        return f" default {literal(self.columns[name], 1)}" if name.startswith("r") else ""

    def foreign_ddl(self) -> str:
        """Adds the foreign keys."""
        return "".join(
            f"alter table {self.name} add foreign key ({commas(k.columns)})"
            f" references {k.parent} ({commas(k.refers)}) {k.tail};\n"
            for k in self.foreign_keys
        )

    def texts(self, columns: list[str] | None = None, of: str = "") -> str:
        """An SQL array of values as texts."""
        return f"array[{commas(f'{of}{c}::text' for c in columns or self.columns)}]"


def commas(names: Iterable[str]) -> str:
    """Parts of a list."""
    return ", ".join(names)


def literal(kind: str, number: int) -> str:
    """The n-th value of a type."""
    if kind == "int":
        return str(number)
    if kind == "text":
        return f"'{'zabcdefgh'[number]}'"
    return f"'00000000-0000-4000-8000-{number:012}'"


@dataclass
class Schema:
    """Tables in the order of their making."""

    tables: list[Table]

    def ddl(self) -> str:
        """Makes all tables."""
        return "".join(t.ddl() for t in self.tables) + "".join(t.foreign_ddl() for t in self.tables)

    def audit_ddl(self) -> str:
        """Each table notes each row that is written into it, by whomever."""
        made = "create table audit (tab text not null, vals text[] not null, op text, xid xid8);\n"
        for t in self.tables:
            made += (
                f"create function audit_{t.name}() returns trigger language plpgsql"
                " set search_path from current as $$ begin insert into audit values"
                f" ('{t.name}', {t.texts(of='new.')}, tg_op, pg_current_xact_id());"
                " return null; end $$;\n"
                f"create trigger audit after insert or update on {t.name} for each row"
                f" execute function audit_{t.name}();\n"
                f"alter table {t.name} enable always trigger audit;\n"
            )
        return made

    def rows_sql(self) -> str:
        """Table, key and values of every row."""
        return " union all ".join(
            f"select '{t.name}', {t.texts(t.key)}, {t.texts(t.plain)} from {t.name}"
            for t in self.tables
        )

    def counts_sql(self) -> str:
        """Table, key and counter of every row that has one."""
        return (
            " union all ".join(
                f"select '{t.name}', {t.texts(t.key)}, {COUNTER} from {t.name}"
                for t in self.tables
                if t.counts
            )
            or "select '', '{}'::text[], 0 where false"
        )

    def table(self, name: str) -> Table:
        """By name."""
        return next(t for t in self.tables if t.name == name)

    def orphans_sql(self) -> str:
        """In how many rows each foreign key is broken; by hand, and in one snapshot."""
        parts = []
        for t in self.tables:
            for k in t.foreign_keys:
                null = " is null or c.".join(k.columns)
                if "match full" in k.tail:
                    null = " is null and c.".join(k.columns)
                pairs = zip(k.columns, k.refers, strict=True)
                equal = " and ".join(f"p.{theirs} = c.{mine}" for mine, theirs in pairs)
                parts.append(
                    f"select '{t.name}({commas(k.columns)})', count(*) from {t.name} c where"
                    f" not (c.{null} is null) and not exists"
                    f" (select from {k.parent} p where {equal})"
                )
        return " union all ".join(parts) or "select '', 0 where false"

    def related(self, names: set[str]) -> set[str]:
        """Tables that foreign keys tie to these, however far."""
        while True:
            more = set(names)
            for t in self.tables:
                for k in t.foreign_keys:
                    if {t.name, k.parent} & names:
                        more |= {t.name, k.parent}
            if more == names:
                return names
            names = more

    def followers(self, moved: set[str], recoded: set[str]) -> dict[str, set[str]]:
        """By table, columns in which rows follow a parent; without any record, by design.

        A row that was added against a key, or a code, that another site had changed points at
        the new one. Where that is its own key, its children follow it in turn.

        Args:
            moved: tables in which a key was changed.
            recoded: tables in which a code (u0) was changed.
        """
        moved, loose = set(moved), dict[str, set[str]]()
        for _ in self.tables:
            for t in self.tables:
                for k in t.foreign_keys:
                    if k.parent in (moved if k.refers != ["u0"] else recoded):
                        loose.setdefault(t.name, set()).update(k.columns)
                        moved |= {t.name} if set(k.columns) & set(t.key) else set()
        return loose


def random_schema(rng: Random, sites: int) -> Schema:
    """Two to six tables; what they refer to may come later, and may be themselves."""
    names = [f"t{n}" for n in range(rng.choice([2, 2, 3, 3, 4, 5, 6]))]
    tables: list[Table] = []
    for name in names:
        kind = rng.choice(TYPES)
        key, columns = ["k"], {"k": kind}
        if rng.random() < 0.25:
            key, columns = ["k", "l"], {"k": kind, "l": rng.choice(TYPES)}
        columns |= {"mark": "text", "u0": "int", "u1": "int"}
        fixed = ["mark"] + [c for c in ("u0", "u1") if rng.random() < 0.15]
        uniques = rng.sample(UNIQUES, rng.choice([0, 0, 1, 1, 2]))
        if len(key) > 1 and rng.random() < 0.5:
            rng.shuffle(key)
        tables.append(Table(name, key, columns, fixed, uniques))
        tables[-1].code = any(u.endswith("(u0)") or "(u0) include" in u for u in uniques)
    for table in tables:
        for number in range(rng.choice([0, 1, 1, 1, 2, 2])):
            add_foreign_key(rng, table, rng.choice(tables), number)
    for table in tables:
        table.merge = rng.choice(MERGES)
        if table.merge == "site_priority":
            table.priority = rng.sample(range(1, sites + 1), rng.randint(1, sites))
        if table.merge == "row" and rng.random() < 0.35:
            table.columns[COUNTER] = "int"
            table.fixed.append(COUNTER)
    return Schema(tables)


def add_foreign_key(rng: Random, table: Table, parent: Table, number: int) -> None:
    """Let a table refer to another: by new columns, or by columns of its own key."""
    refers = ["u0"] if parent.code and rng.random() < 0.4 else list(parent.key)
    kinds = [parent.columns[c] for c in refers]
    columns = [f"r{number}{'xy'[n]}" for n in range(len(refers))]
    own = table.columns[table.key[0]]
    if len(refers) == 1 and kinds[0] == own and parent is not table and rng.random() < 0.2:
        columns = [table.key[0]]  # a join table, or a row that extends another
    for name, kind in zip(columns, kinds, strict=True):
        table.columns.setdefault(name, kind)
        if name.startswith("r") and rng.random() < 0.1:
            table.fixed.append(name)
    tail = "match full " if len(refers) > 1 and rng.random() < 0.4 else ""
    delete, update = rng.choice(DELETES), rng.choice(UPDATES)
    tail += f"on delete {delete} on update {update} {rng.choice(DEFERRED)}"
    if delete.startswith("set") and len(columns) > 1 and rng.random() < 0.5:
        some = rng.sample(columns, rng.randint(1, len(columns)))
        tail = tail.replace(delete, f"{delete} ({commas(some)})", 1)
    table.foreign_keys.append(ForeignKey(columns, parent.name, refers, tail.strip()))


def random_transaction(rng: Random, schema: Schema, mark: str) -> list[str]:
    """One to eight statements; whether the site accepts them is the site's business."""
    count = rng.choice([1, 1, 1, 2, 2, 3, 4, 6, 8])
    return [random_statement(rng, rng.choice(schema.tables), f"{mark}.{n}") for n in range(count)]


def first_rows(rng: Random, schema: Schema) -> list[str]:
    """Some rows in every table, most of them with nothing to refer to."""
    made = []
    for number in range(1, IDS):
        for table in rng.sample(schema.tables, len(schema.tables)):
            values = {"mark": f"'m0.{table.name}.{number}'"}
            for name, kind in table.columns.items():
                is_null = name not in table.fixed and name[0] == "r" and rng.random() < 0.6
                value = number if rng.random() < 0.8 else rng.randint(1, IDS)
                values.setdefault(name, "null" if is_null else literal(kind, value))
            names, inserted = commas(values), commas(values.values())
            made.append(f"insert into {table.name} ({names}) values ({inserted})")
    return made


def random_clash(rng: Random, schema: Schema, mark: str) -> tuple[list[str], list[str]]:
    """What two sites can each do alone: children of what goes, one value twice."""
    keys = [(t, k) for t in schema.tables for k in t.foreign_keys]
    if not keys or rng.random() < 0.3:
        table, values = rng.choice(schema.tables), (rng.randint(1, 4), rng.randint(1, 4))
        made = [random_insert(rng, table, f"{mark}.{n}", *values) for n in (0, 1)]
        return [made[0]], [made[1]]
    child, key = rng.choice(keys)
    parent = next(t for t in schema.tables if t.name == key.parent)
    number = rng.randint(1, IDS)
    where = " and ".join(f"{c} = {literal(parent.columns[c], number)}" for c in key.refers)
    goes = [f"delete from {parent.name} where {where}"]
    if rng.random() < 0.3:
        to = commas(f"{c} = {literal(parent.columns[c], rng.randint(1, IDS))}" for c in key.refers)
        goes = [f"update {parent.name} set {to}, mark = '{mark}.0' where {where}"]
    points = {c: literal(child.columns[c], number) for c in key.columns}
    return goes, [random_insert(rng, child, f"{mark}.1", points=points)]


def random_insert(
    rng: Random,
    table: Table,
    mark: str,
    u0: int = 0,
    u1: int = 0,
    points: dict[str, str] | None = None,
) -> str:
    """An upsert of a row that refers to nothing, but for what `points` says."""
    given = {"mark": f"'{mark}'", "u0": u0 and str(u0), "u1": u1 and str(u1), **(points or {})}
    values = {}
    for name, kind in table.columns.items():
        is_null = name[0] == "r" and name not in table.fixed
        number = rng.randint(1, IDS)
        values[name] = given.get(name) or ("null" if is_null else literal(kind, number))
    changed = commas(f"{c} = excluded.{c}" for c in values if c not in table.key)
    return (
        f"insert into {table.name} ({commas(values)}) values ({commas(values.values())})"
        f" on conflict ({commas(table.key)}) do update set {changed}"
    )


def random_addition(rng: Random, table: Table) -> list[str]:
    """What an UPDATE adds to a counter; now and then it sets one, which adds the difference."""
    if not table.counts or rng.random() < 0.3:
        return []
    return [
        f"{COUNTER} = "
        + rng.choice(["{t}.n + 1", "{t}.n + 3", "{t}.n - 2", "5"]).format(t=table.name)
    ]


def random_statement(rng: Random, table: Table, mark: str) -> str:
    """An insert, an update, a change of the key, a delete, an upsert, now and then a TRUNCATE."""
    values = {"mark": f"'{mark}'"}
    for name, kind in table.columns.items():
        if name not in values:
            is_null = name not in (*table.key, COUNTER) and rng.random() < (
                0.4 if name[0] == "r" else 0.2
            )
            number = rng.randrange(1, 3 if name[0] == "r" else IDS + 1)
            values[name] = "null" if is_null else literal(kind, number)
    where = " and ".join(f"{c} = {values[c]}" for c in table.key)
    insert = f"insert into {table.name} ({commas(values)}) values ({commas(values.values())})"
    others = [c for c in table.plain if c not in table.key and c != "mark"]
    some = ["mark"] + [c for c in others if rng.random() < 0.4]
    added = random_addition(rng, table)
    changes = commas([f"{c} = {values[c]}" for c in some] + added)
    roll = rng.random()
    if roll < 0.25:
        return insert
    if roll < 0.45:
        from_new = commas([f"{c} = excluded.{c}" for c in some] + added)
        return f"{insert} on conflict ({commas(table.key)}) do update set {from_new}"
    if roll < 0.5:
        return f"{insert} on conflict ({commas(table.key)}) do nothing"
    if roll < 0.68:
        return f"update {table.name} set {changes} where {where}"
    if roll < 0.72:
        changes = commas([f"mark = '{mark}'", "u1 = 3 - u1", *added])
        return f"update {table.name} set {changes} where u1 < 3"
    if roll < 0.82:
        new = commas(f"{c} = {literal(table.columns[c], rng.randint(1, IDS))}" for c in table.key)
        return f"update {table.name} set {new}, {changes} where {where}"
    if roll < 0.98:
        wide = rng.choice([where, where, f"{table.key[0]} = {values[table.key[0]]}"])
        return f"delete from {table.name} where {wide}"
    return f"truncate {table.name} cascade"
