"""Has the tables of a history merged as they were drawn, at every site."""

from __future__ import annotations

from collections.abc import Mapping

import psycopg

from tests.kit import Mesh, eventually
from tests.random.tables import Schema, Table

SAY = (
    "update bondreplicate.replicate_tables set resolve = %(resolve)s, policy = %(policy)s,"
    " priority = %(priority)s, hook = %(hook)s, counters = %(counters)s"
    " where schema_name = %(schema)s and table_name = %(table)s"
)
LISTED = (
    "select table_name::text, shape, merges = resolve and counted = counters"
    " from bondreplicate.replicate_tables where active and schema_name = %s"
)


def say(mesh: Mesh, sessions: Mapping[int, psycopg.Connection], schema: Schema, name: str) -> None:
    """Say how tables in a schema of that name are merged, and wait until it is in effect.

    Nobody writes to them yet.
    """
    others = [t for t in schema.tables if t.merge != "row" or t.counts]
    shapes = {n: {row[0]: row[1] for row in s.execute(LISTED, [name])} for n, s in sessions.items()}
    for session in sessions.values():
        with session.transaction():
            for table in others:
                session.execute(SAY, table.settings(name) | {"schema": name})

    def follows(number: int, table: Table) -> bool:
        listed = {row[0]: row[1:] for row in sessions[number].execute(LISTED, [name])}
        shape, in_effect = listed.get(table.name, (None, False))
        return in_effect and shape != shapes[number][table.name]

    for site in mesh:
        eventually(
            lambda site=site: all(follows(site.number, t) for t in others),
            f"{site} merges the tables as they were drawn",
            60,
        )
