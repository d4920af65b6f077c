"""A table that lacks a column at one site: its changes wait there, whole, and others do not."""

from collections.abc import Callable

from tests.kit import Mesh, available_versions, eventually

SETUP = """
create table item (id int primary key, name text);
create table other (id int primary key);
insert into item values (1, 'one'), (2, 'two');
"""
PARKED = "select key, reason from bondreplicate.replicate_parked order by key"


def test_changes_wait_for_a_missing_column(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh([available_versions()[-1]] * 2, SETUP)
    here, there = mesh[1], mesh[2]
    here.execute("alter table item add size int default 7")
    eventually(
        lambda: here.value("select 'size' = any(columns) from bondreplicate.replicate_tables"
                           " where table_name = 'item'"),
        "the new column is noticed",
    )  # fmt: skip
    here.execute("update item set size = 9 where id = 1")
    eventually(lambda: there.query(PARKED), "the change is parked")
    for number in (1, 2, 3):  # each a batch that tries what is parked again
        here.execute("insert into other values (%s)", [number])
        eventually(
            lambda n=number: there.query("select from other where id = %s", [n]),
            "other tables go on",
        )
    assert there.query(PARKED) == [(["1"], "public.item has no column size here")]
    there.execute("alter table item add size int default 7")
    eventually(lambda: not there.query(PARKED), "the change is applied when the column is there")
    mesh.assert_whole()
    assert there.query("select id, size from item order by id") == [(1, 9), (2, 7)]
