"""What must hold at every site, found out without any code of the product.

A DSN is any connection string; a function that takes several sites takes several DSNs.
"""

import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from tests.kit.clusters import Cluster
from tests.kit.eventually import pause
from tests.kit.questions import ask

# Values become text on their way into a hash: all sites must write them alike.
PINNED = {
    "bytea_output": "hex",
    "datestyle": "ISO, YMD",
    "extra_float_digits": "3",
    "intervalstyle": "iso_8601",
    "lc_monetary": "C",
    "row_security": "off",
    "search_path": "pg_catalog",
    "timezone": "UTC",
    "xmloption": "content",
}
DIFFERENCES_SHOWN = 6

TABLES = """
select n.nspname, c.relname, c.relkind = 'r' as is_plain, (
    select coalesce(array_agg(a.attname::text order by a.attname collate "C"), '{}')
    from pg_attribute a where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped)
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where c.relkind in ('r', 'p') and not c.relispartition and c.relpersistence <> 't'
  and n.nspname !~ '^(pg_|information_schema$|bondreplicate$)'
order by n.nspname collate "C", c.relname collate "C"
"""
FOREIGN_KEYS = """
select k.conrelid::regclass::text, k.confrelid::regclass::text, k.conname,
       cn.nspname, c.relname, c.relkind = 'r', pn.nspname, p.relname, p.relkind = 'r',
       k.confmatchtype = 'f', (
    select array_agg(array[ca.attname::text, pa.attname::text, opn.nspname::text, op.oprname::text]
                     order by u.n)
    from unnest(k.conkey, k.confkey, k.conpfeqop) with ordinality u (ck, pk, eq, n)
    join pg_attribute ca on ca.attrelid = k.conrelid and ca.attnum = u.ck
    join pg_attribute pa on pa.attrelid = k.confrelid and pa.attnum = u.pk
    join pg_operator op on op.oid = u.eq join pg_namespace opn on opn.oid = op.oprnamespace)
from pg_constraint k
join pg_class c on c.oid = k.conrelid join pg_namespace cn on cn.oid = c.relnamespace
join pg_class p on p.oid = k.confrelid join pg_namespace pn on pn.oid = p.relnamespace
where k.contype = 'f' and k.conparentid = 0
  and coalesce((to_jsonb(k) ->> 'conenforced')::boolean, true)
  and not coalesce((to_jsonb(k) ->> 'conperiod')::boolean, false)
order by 1, 3
"""


@dataclass(frozen=True)
class TableHash:
    """Content of one table, independent of the order of rows and columns."""

    rows: int
    digest: str


@dataclass(frozen=True)
class Orphans:
    """Rows of `child` that break the foreign key `constraint`."""

    child: str
    parent: str
    constraint: str
    rows: int
    sample: str


@dataclass(frozen=True)
class _Table:
    schema: str
    name: str
    is_plain: bool
    columns: Sequence[str]

    @property
    def source(self) -> sql.Composed:
        """For a FROM clause: a plain table without its inheritance children."""
        only = sql.SQL("only " if self.is_plain else "")
        return only + sql.Identifier(self.schema, self.name)

    @property
    def row_text(self) -> sql.Composed:
        """One text per row that tells NULL from an empty string, and no two rows alike."""
        parts = [
            sql.SQL("{} || coalesce(quote_literal({}::text), 'null')").format(
                sql.Literal(column + "="), sql.Identifier("r", column)
            )
            for column in self.columns
        ]
        # A function takes a hundred arguments at most, an array takes any number.
        return sql.SQL("array_to_string(array[{}]::text [], ', ')").format(
            sql.SQL(", ").join(parts)
        )


def _connect(dsn: str) -> psycopg.Connection:
    connection = psycopg.connect(dsn, autocommit=True)
    for name, value in PINNED.items():
        connection.execute("select set_config(%s, %s, false)", [name, value])
    return connection


def _tables(connection: psycopg.Connection) -> dict[str, _Table]:
    found = [_Table(*row) for row in connection.execute(TABLES)]
    return {f"{table.schema}.{table.name}": table for table in found}


def table_hashes(dsn: str) -> dict[str, TableHash]:
    """Hash of each user table; partitions count as part of their root."""
    with _connect(dsn) as connection, connection.transaction():
        connection.execute("set transaction isolation level repeatable read read only")
        return {name: _hash(connection, t) for name, t in _tables(connection).items()}


def _hash(connection: psycopg.Connection, table: _Table) -> TableHash:
    # A sum does not depend on the order of rows; two halves make 128 bits of it.
    query = sql.SQL(
        "select count(*), coalesce(sum(('x' || left(h, 16))::bit(64)::bigint::numeric), 0)"
        " || '/' || coalesce(sum(('x' || right(h, 16))::bit(64)::bigint::numeric), 0)"
        " from (select md5({}) as h from {} r) hashed"
    ).format(table.row_text, table.source)
    [(rows, digest)] = connection.execute(query).fetchall()
    return TableHash(rows, digest)


def assert_same(dsns: Iterable[str]) -> dict[str, TableHash]:
    """All sites hold the same rows in the same tables; returns the hashes they share.

    Raises:
        AssertionError: Names each table that differs, with rows that only one site has.
    """
    first, *others = dsns
    expected = table_hashes(first)
    problems = []
    for other in others:
        actual = table_hashes(other)
        problems += [
            _describe_difference(name, first, other)
            for name in sorted(expected.keys() | actual.keys())
            if expected.get(name) != actual.get(name)
        ]
    assert not problems, "sites differ:\n" + "\n".join(problems)
    return expected


def _describe_difference(name: str, first: str, other: str) -> str:
    lines = [f"  {name}:"]
    here, there = _rows(first, name), _rows(other, name)
    for mine, theirs, dsn in ((here, there, first), (there, here, other)):
        if mine is None:
            lines.append(f"    no such table: {dsn}")
        elif theirs is not None:
            # As multisets: a table without a key may hold a row twice.
            surplus = sorted((Counter(mine) - Counter(theirs)).elements())
            lines.append(f"    {len(mine)} rows, {len(surplus)} of them only at: {dsn}")
            lines += [f"      {row[:300]}" for row in surplus[:DIFFERENCES_SHOWN]]
    return "\n".join(lines)


def _rows(dsn: str, name: str) -> list[str] | None:
    with _connect(dsn) as connection:
        table = _tables(connection).get(name)
        if table is None:
            return None
        query = sql.SQL("select {} from {} r").format(table.row_text, table.source)
        return [row for (row,) in connection.execute(query)]


def orphans(dsn: str) -> list[Orphans]:
    """Foreign keys that do not hold, each joined by hand: nothing is taken from the catalog.

    With MATCH FULL a partly null reference is broken as well.
    """
    with _connect(dsn) as connection:
        found = [_orphans_of(connection, row) for row in connection.execute(FOREIGN_KEYS)]
    return [orphan for orphan in found if orphan.rows]


def _orphans_of(connection: psycopg.Connection, row: tuple[Any, ...]) -> Orphans:
    child_name, parent_name, constraint, *rest = row
    child_schema, child, child_plain, parent_schema, parent, parent_plain, full, pairs = rest
    nulls = [sql.SQL("c.{} is null").format(sql.Identifier(pair[0])) for pair in pairs]
    equal = [
        sql.SQL("p.{} operator({}.{}) c.{}").format(
            sql.Identifier(pk), sql.Identifier(schema), sql.SQL(operator), sql.Identifier(ck)
        )
        for ck, pk, schema, operator in pairs
    ]
    query = sql.SQL(
        "select count(*), coalesce(min(c::text), '') from {child} c"
        " where not ({unbound}) and not exists (select from {parent} p where {equal})"
    ).format(
        child=_Table(child_schema, child, child_plain, ()).source,
        parent=_Table(parent_schema, parent, parent_plain, ()).source,
        unbound=sql.SQL(" and " if full else " or ").join(nulls),
        equal=sql.SQL(" and ").join(equal),
    )
    [(rows, sample)] = connection.execute(query).fetchall()
    return Orphans(child_name, parent_name, constraint, rows, sample)


def assert_no_orphans(dsns: Iterable[str]) -> None:
    """Every foreign key holds at every site."""
    found = {dsn: orphans(dsn) for dsn in dsns}
    assert not any(found.values()), f"orphans: { {k: v for k, v in found.items() if v} }"


def assert_nothing_lost(
    dsns: Iterable[str], table: str, column: str, acknowledged: set[Any]
) -> None:
    """Every row that a client was told is committed is at every site.

    Args:
        dsns: The sites.
        table: A table that nothing is deleted from, as "schema.table".
        column: Its key.
        acknowledged: Values of the key whose commit returned.
    """
    for dsn in dsns:
        with _connect(dsn) as connection:
            query = sql.SQL("select {} from {}").format(
                sql.Identifier(column), sql.Identifier(*table.split("."))
            )
            there = {value for (value,) in connection.execute(query)}
        missing = acknowledged - there
        assert not missing, f"{len(missing)} lost at {dsn}: {sorted(missing)[:10]}"


def log_entries(dsn: str) -> int:
    """How many entries `replicate_log` holds."""
    [(entries,)] = ask(dsn, "select count(*) from bondreplicate.replicate_log")
    return entries


def assert_log_empty(dsns: Iterable[str]) -> None:
    """No site keeps anything for another."""
    held = {dsn: log_entries(dsn) for dsn in dsns}
    assert not any(held.values()), f"log entries left: {held}"


def activity(dsn: str) -> tuple[int, ...]:
    """Numbers that grow when anything is replicated or any conflict is found."""
    [row] = ask(
        dsn,
        "select (select count(*) from bondreplicate.replicate_log),"
        " (select coalesce(sum(rows), 0)::bigint from bondreplicate.replicate_position),"
        " (select count(*) from bondreplicate.replicate_error)",
    )
    return row


def assert_quiet(dsns: Iterable[str], rounds: int = 5, every_s: float = 0.2) -> None:
    """Nothing is echoed: with no writer, no site logs, applies or finds anything any more."""
    sites = list(dsns)
    before = [activity(dsn) for dsn in sites]
    for _ in range(rounds):
        pause(every_s)
        now = [activity(dsn) for dsn in sites]
        assert now == before, f"(log, rows applied, conflicts) went from {before} to {now}"


def yardstick(name: str) -> Path | None:
    """A script that stands beside the repository and was not written for it, if it is there."""
    path = Path(__file__).parents[3] / "shared" / "yardstick" / name
    return path if path.exists() else None


def run_yardstick(name: str, cluster: Cluster, db: str) -> str:
    """Output of dbhash.sh or fkcheck.sh for a database."""
    script = yardstick(name)
    assert script is not None, f"no {name} beside the repository"
    done = subprocess.run(
        ["bash", str(script), str(cluster.port), db, str(cluster.dir)],
        env={"PATH": "/usr/bin:/bin", "PSQL": cluster.postgres.program("psql")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
