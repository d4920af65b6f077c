"""Tables that are merged by column: different columns of one row, written at several sites."""

import itertools
from collections.abc import Iterator, Sequence

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.columns import orders_of, outcomes, up_by_column
from tests.scenarios.steps import Link, assert_whole, parted, rows_of, settle, two_or_three

pytestmark = pytest.mark.timeout(300)

ORDERS: dict[str, Sequence[Link]] = {
    "forth": ((1, 2), (2, 1), (1, 3), (2, 3), (3, 1), (3, 2)),
    "back": ((3, 2), (3, 1), (2, 3), (1, 3), (2, 1), (1, 2)),
    "through_2": ((1, 2), (3, 2), (2, 1), (2, 3), (1, 3), (3, 1)),
    "into_3": ((2, 3), (1, 3), (3, 1), (3, 2), (1, 2), (2, 1)),
}
DAILY = ("into_3",)
IN_ORDER = pytest.mark.parametrize(
    "order",
    [pytest.param(o, marks=() if o in DAILY else pytest.mark.soak) for o in ORDERS],
)
"""Every day one order of arrival; at full size all."""

COLUMNS = "(id int primary key, a text, b text, c text)"
KINDS = ("diff", "same", "update", "delete", "three")


@pytest.fixture(scope="module", params=two_or_three(("15", "18"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param, proxies=True)
    tables = [f"{kind}_{order}" for kind in KINDS for order in orders_of(request)]
    up_by_column(mesh, ";".join(f"create table {t} {COLUMNS}" for t in tables), *tables)
    yield mesh
    mesh.end()


def fill(mesh: Mesh, table: str, rows: int) -> None:
    """Rows with keys from 1 on, at every site."""
    mesh[1].execute(
        f"insert into {table} select i, 'a', 'b', 'c' from generate_series(1, {rows}) i"
    )
    settle(mesh)


def among(mesh: Mesh, order: str) -> list[Link]:
    return [link for link in ORDERS[order] if link in mesh.proxies]


@IN_ORDER
def test_different_columns_are_all_kept(mesh: Mesh, order: str) -> None:
    table = f"diff_{order}"
    fill(mesh, table, 3)
    with parted(mesh, among(mesh, order)):
        mesh[2].execute(f"update {table} set b = 'b2' where id < 3")
        mesh[1].execute(f"update {table} set a = 'a1' where id < 3")
        if len(mesh.sites) > 2:
            mesh[3].execute(f"update {table} set c = 'c3' where id = 1")
    assert_whole(mesh)
    last = "c3" if len(mesh.sites) > 2 else "c"
    assert rows_of(mesh, table) == [
        (1, "a1", "b2", last),
        (2, "a1", "b2", "c"),
        (3, "a", "b", "c"),
    ]
    assert outcomes(mesh, table) == []


@IN_ORDER
def test_the_same_column_has_its_latest_writer(mesh: Mesh, order: str) -> None:
    table = f"same_{order}"
    fill(mesh, table, 1)
    with parted(mesh, among(mesh, order)):
        mesh[1].execute(f"update {table} set a = 'a1' where id = 1")
        mesh[2].execute(f"update {table} set a = 'a2', b = 'b2' where id = 1")
        mesh[1].execute(f"update {table} set b = 'b1' where id = 1")
    assert_whole(mesh)
    assert rows_of(mesh, table) == [(1, "a2", "b1", "c")]
    assert outcomes(mesh, table) == [("1", 1, 2), ("1", 2, 1)]


@IN_ORDER
@pytest.mark.parametrize("later", ["update", "delete"])
def test_row_against_delete(mesh: Mesh, order: str, later: str) -> None:
    table = f"{later}_{order}"
    fill(mesh, table, 1)
    last = len(mesh.sites)
    with parted(mesh, among(mesh, order)):
        mesh[last].execute(f"update {table} set b = 'b3' where id = 1")
        if later == "update":
            mesh[2].execute(f"delete from {table}")
        mesh[1].execute(f"update {table} set a = 'a1' where id = 1")
        if later == "delete":
            mesh[2].execute(f"delete from {table}")
    assert_whole(mesh)
    rows = rows_of(mesh, table)
    if later == "delete":
        assert rows == []
    else:
        # What was written before the deletion may come back with the row, or not.
        assert [row[:2] for row in rows] == [(1, "a1")]
        assert rows[0][2] in ("b", "b3")
    assert outcomes(mesh, table)


WRITES = {
    "a": "update {t} set a = '{s}' where id = {k}",
    "b": "update {t} set b = '{s}' where id = {k}",
    "ab": "update {t} set a = '{s}', b = '{s}' where id = {k}",
    "insert": "delete from {t} where id = {k}; insert into {t} values ({k}, '{s}', '{s}', 'c')",
    "delete": "delete from {t} where id = {k}",
}


@IN_ORDER
def test_every_three_writes(mesh: Mesh, order: str) -> None:
    """Each combination of writes at all sites, in one order of writing."""
    table = f"three_{order}"
    sites = [site.number for site in mesh]
    combinations = list(itertools.product(WRITES, repeat=len(sites)))
    fill(mesh, table, len(combinations))
    with parted(mesh, among(mesh, order)):
        for site in sites:
            mesh[site].execute(
                ";".join(
                    WRITES[ops[site - 1]].format(t=table, s=site, k=k)
                    for k, ops in enumerate(combinations, 1)
                )
            )
    assert_whole(mesh, rounds=1)
    found = {row[0]: row[1:] for row in rows_of(mesh, table)}
    for key, ops in enumerate(combinations, 1):
        if ops[-1] == "delete":
            assert key not in found, ops
            continue
        if "delete" not in ops and "insert" not in ops:
            expected = tuple(
                next((str(s) for s in reversed(sites) if column in ops[s - 1]), column)
                for column in "ab"
            )
            assert found[key] == (*expected, "c"), ops
        else:
            written = "ab" if ops[-1] == "insert" else ops[-1]
            for column in written:
                assert found[key]["ab".index(column)] == str(sites[-1]), ops
