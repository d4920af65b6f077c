"""Counters: a transaction that does not see the count of a row makes no second one."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.counters import count
from tests.scenarios.steps import assert_whole, parted, rows_of, wait_delivered

pytestmark = pytest.mark.timeout(300)

STOCK = (
    "create table {t} (id {k} primary key, what text not null, n int not null);"
    "insert into {t} select i, 'a', 100 from generate_series(1, 6) i;"
)
TABLES = {"beside": "int", "spelt": "numeric", "snapshot": "int"}
TWICE = (
    "select t.table_name, c.key from bondreplicate.replicate_counter as c"
    " join bondreplicate.replicate_tables as t on t.id = c.tab"
    " group by t.table_name, c.tab, c.key[1]::numeric, c.key having count(*) > 1"
)
NOTED = (
    "select count(*) from bondreplicate.replicate_counter as c"
    " join bondreplicate.replicate_tables as t on t.id = c.tab"
    " where t.table_name = %s and c.key[1]::numeric = %s"
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    setup = "".join(STOCK.format(t=table, k=kind) for table, kind in TABLES.items())
    mesh = make_mesh(["18", "15"], setup, proxies=True, settings={"lock_timeout_ms": 100})
    count(mesh, ["n"], *TABLES)
    yield mesh
    mesh.end()


def assert_counted_once(mesh: Mesh) -> None:
    for site in mesh:
        assert not site.query(TWICE)
    assert_whole(mesh)


def test_a_deletion_arrives_beside_an_insert(mesh: Mesh) -> None:
    """Neither sees the other: the deletion brings a count of its key, the INSERT makes one."""
    a, b = mesh
    with psycopg.connect(a.dsn) as user:
        with parted(mesh):
            user.execute("insert into beside values (9, 'a', 5)")
            b.execute("insert into beside values (9, 'b', 7)")
            b.execute("update beside set n = n + 1 where id = 9; delete from beside where id = 9")
        wait_delivered(mesh, (2, 1))
        user.execute("update beside set n = n + 10 where id = 9")
        user.commit()
    assert_counted_once(mesh)
    a.execute("update beside set n = n + 100 where id = 9")
    b.execute("update beside set n = n + 1000 where id > 5")
    assert_counted_once(mesh)
    assert [n for _, _, n in rows_of(mesh, "beside")][5:] == [1100, 1108]
    assert [(c["key"], c["outcome"]) for c in a.conflicts() if c["kind"] == "counter"] == [
        (["9"], "lost with the older row: n 10 by site 1")
    ]


@pytest.mark.parametrize(("table", "key"), [("beside", "10"), ("spelt", "10.00")])
def test_an_old_snapshot_does_not_show_the_count(mesh: Mesh, table: str, key: str) -> None:
    a, b = mesh
    with psycopg.connect(a.dsn) as user:
        user.execute("set transaction isolation level repeatable read")
        user.execute("select 1")
        b.execute(f"insert into {table} values (10, 'b', 7)")
        b.execute(f"delete from {table} where id = 10")
        eventually(lambda: a.value(NOTED, [table, 10]) == 1, "the count has come", 30)
        with pytest.raises(psycopg.errors.SerializationFailure):
            user.execute(f"insert into {table} values (10, 'a', 5)")
        user.rollback()
        user.execute(f"insert into {table} values ({key}, 'a', 5)")
        user.execute(f"update {table} set n = n + 1 where id = 10")
        user.execute(f"update {table} set id = id + 0.0, n = n + 1 where id = 10")
        user.commit()
    assert_counted_once(mesh)
    assert rows_of(mesh, table)[-1][1:] == ("a", 7)
