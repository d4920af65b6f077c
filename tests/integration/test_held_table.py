"""A table that lacks a column at one site: its changes wait there, whole, and others do not."""

from collections.abc import Callable

from tests.kit import Mesh, available_versions, eventually

SETUP = """
create table item (id int primary key, name text);
create table other (id int primary key);
insert into item values (1, 'one'), (2, 'two');
"""
PARKED = "select key, reason from bondreplicate.replicate_parked order by key"


def test_changes_wait_where_values_would_be_rounded(new_mesh: Callable[..., Mesh]) -> None:
    setup = "create table item (id int primary key, price numeric(10,4), at timestamp)"
    mesh = new_mesh([available_versions()[-1]] * 2, setup)
    here, there = mesh[1], mesh[2]
    wider = there.value("select tables_revision from bondreplicate.replicate_state")
    there.execute("alter table item alter price type numeric(10,2)")
    eventually(
        lambda: there.value("select tables_revision from bondreplicate.replicate_state") != wider,
        "the narrower column is noticed",
    )
    here.execute("insert into item values (1, 1.2345)")
    why = "public.item.price is numeric(10,2) here, numeric(10,4) at the origin"
    eventually(lambda: there.query(PARKED), "the change is parked")
    assert there.query(PARKED) == [(["1"], f"{why}: its values would be changed")]
    there.execute("alter table item alter price type numeric(10,4)")
    eventually(lambda: not there.query(PARKED), "the change is applied")
    mesh.assert_whole()


def test_changes_wait_for_for_a_missing_column(new_mesh: Callable[..., Mesh]) -> None:
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
