"""What scenarios of tables that are merged by column are told in."""

from typing import Any

import pytest

from tests.kit import Mesh, eventually
from tests.scenarios.steps import conflicts, settle, up

RESOLVE = "update bondreplicate.replicate_tables set resolve = %s where table_name = any(%s)"
MERGES = (
    "select count(*) from bondreplicate.replicate_tables"
    " where merges = %s and resolve = merges and table_name = any(%s)"
)


def resolve(mesh: Mesh, how: str, *tables: str) -> None:
    """Have tables merged by row or by column at every site, and settle."""
    for site in mesh:
        site.execute(RESOLVE, [how, list(tables)])
    for site in mesh:
        eventually(
            lambda site=site: site.value(MERGES, [how, list(tables)]) == len(tables),
            f"{site} merges {tables} by {how}",
            timeout_s=60,
        )
    settle(mesh, 30)


def orders_of(request: pytest.FixtureRequest) -> set[str]:
    """The orders of arrival that tests of this file ask for; each has tables of its own."""
    calls = [
        getattr(item, "callspec", None)
        for item in request.session.items
        if item.path == request.path
    ]
    return {c.params["order"] for c in calls if c and "order" in c.params}


def up_by_column(mesh: Mesh, setup_sql: str, *tables: str) -> None:
    """Make tables at every site that are merged by column, and settle."""
    up(mesh, setup_sql, *tables)
    resolve(mesh, "column", *tables)


def outcomes(mesh: Mesh, table: str) -> list[tuple[Any, ...]]:
    """Conflicts of a table: key, who won and who lost; at each site the same."""

    def are_told() -> list[tuple[Any, ...]]:
        told = [
            sorted((c["key"][0], c["winner_site"], c["loser_site"]) for c in conflicts(site, table))
            for site in mesh
        ]
        assert all(t == told[0] for t in told), told
        return told

    return eventually(are_told, "every site tells of the same conflicts", 10)[0]
