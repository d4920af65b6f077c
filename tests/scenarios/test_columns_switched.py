"""Merging by column switched on and off, and tables altered, while changes are under way."""

import json
from collections.abc import Iterator

import psycopg
import pytest

from bondreplicate.border.sqlfiles import query
from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.columns import resolve, up_by_column
from tests.scenarios.steps import SOAK, assert_whole, parted, rows_of, settle, up, wait_delivered

pytestmark = pytest.mark.timeout(300)

WAITS = "select count(*) from bondreplicate.replicate_parked where table_name = %s"
SET = "update bondreplicate.replicate_tables set resolve = %s where table_name = %s"
IN_EFFECT = "select resolve = merges from bondreplicate.replicate_tables where table_name = %s"
SETUP = (
    "create table {t} (id int primary key, a text, b text, c text);"
    "insert into {t} select i, 'a', 'b', 'c' from generate_series(1, 4) i"
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), proxies=True)
    yield mesh
    mesh.end()


def waits(mesh: Mesh, site: int, table: str) -> None:
    eventually(lambda: mesh[site].value(WAITS, [table]), f"changes of {table} wait at {site}", 60)


def test_changes_wait_until_sites_are_set_alike(mesh: Mesh) -> None:
    up(mesh, SETUP.format(t="alike"), "alike")
    told = json.loads(mesh[1].cli("tables", "resolve", "alike", "column", "--json").stdout)
    assert told == {"table": "public.alike", "resolve": "column", "merges": "row"}
    mesh[3].execute(SET, ["column", "alike"])
    for site in (1, 3):
        eventually(lambda s=site: mesh[s].value(IN_EFFECT, ["alike"]), f"{site} follows", 60)
    mesh[1].execute("update alike set a = 'a1' where id = 1")
    waits(mesh, 2, "alike")
    [reason] = mesh[2].query("select distinct reason from bondreplicate.replicate_parked")[0]
    assert reason.startswith("public.alike is merged by row here, by column at the origin")
    doctor = mesh[1].cli("doctor", check=None).stdout
    assert "merges public.alike by row, this site by column: its changes wait" in doctor
    assert "merged by row here" in mesh[1].cli("status", check=None).stdout
    mesh[2].execute(
        "update alike set b = 'b2' where id = 1; update alike set c = 'c2' where id = 2"
    )
    mesh[3].execute("update alike set c = 'c3' where id = 1")
    mesh[2].cli("tables", "resolve", "alike", "column")
    assert_whole(mesh)
    rows = rows_of(mesh, "alike")
    # What site 2 wrote by row was a change of all columns.
    assert rows[0] == (1, "a", "b2", "c3")
    assert rows[1] == (2, "a", "b", "c2")
    listed = {t["table"]: t for t in mesh[2].cli_json("tables", "list")}["public.alike"]
    assert (listed["resolve"], listed["merges"]) == ("column", "column")


def test_switched_while_changes_are_under_way(mesh: Mesh) -> None:
    up_by_column(mesh, SETUP.format(t="switched"), "switched")
    write = "update switched set {c} = '{c}{n}' where id = {k}"
    for how in ("row", "column", "row") if SOAK else ("row", "column"):
        with parted(mesh, [(2, 3), (1, 3), (3, 1), (3, 2), (1, 2), (2, 1)]):
            for site, column in ((3, "c"), (1, "a"), (2, "b")):
                for key in (1, 2):
                    mesh[site].execute(write.format(c=column, n=f"{site}{how}", k=key))
            mesh[2].execute(SET, [how, "switched"])
            mesh[1].execute(SET, [how, "switched"])
        mesh[3].execute(write.format(c="a", n=f"3later{how}", k=2))
        mesh[3].execute(SET, [how, "switched"])
        mesh[1].execute(write.format(c="b", n=f"1later{how}", k=2))
        assert_whole(mesh)
        resolve(mesh, how, "switched")
        rows_of(mesh, "switched")


def test_columns_are_renamed_added_and_dropped_while_changes_wait(mesh: Mesh) -> None:
    up_by_column(mesh, SETUP.format(t="altered"), "altered")
    alter = (
        "alter table altered rename a to renamed;"
        "alter table altered drop column c; alter table altered add column d text default 'd'"
    )
    with parted(mesh, [(1, 2), (2, 1), (1, 3), (2, 3), (3, 1), (3, 2)]):
        mesh[1].execute("update altered set a = 'a1' where id < 3")
        mesh[2].execute("update altered set b = 'b2' where id < 3")
        mesh[3].execute("update altered set c = 'c3' where id < 4")
        for site in mesh:
            site.execute(alter)
            # Before the daemon has looked at the table again.
            site.execute(f"update altered set d = 'd{site.number}' where id = 4")
    assert_whole(mesh)
    assert rows_of(mesh, "altered") == [
        (1, "a1", "b2", "d"),
        (2, "a1", "b2", "d"),
        (3, "a", "b", "d"),
        (4, "a", "b", "d3"),
    ]


def test_a_change_is_parked_while_other_columns_change(mesh: Mesh) -> None:
    up_by_column(mesh, SETUP.format(t="refused"), "refused")
    mesh[2].execute("alter table refused add constraint no_bad check (a <> 'bad')")
    settle(mesh)
    mesh[1].execute("update refused set a = 'bad' where id < 3")
    waits(mesh, 2, "refused")
    mesh[2].execute(
        "update refused set b = 'b2' where id = 1; update refused set a = 'a2' where id = 2"
    )
    mesh[3].execute("update refused set c = 'c3' where id = 1")
    mesh[1].execute("update refused set c = 'c1' where id = 2")
    # The row as site 3 has it is refused as well: there, the other site's change is in it.
    wait_delivered(mesh, (3, 2))
    wait_delivered(mesh, (1, 2))
    mesh[2].execute("alter table refused drop constraint no_bad")
    assert_whole(mesh)
    rows = rows_of(mesh, "refused")
    assert rows[0] == (1, "bad", "b2", "c3")
    assert rows[1] == (2, "a2", "b", "c1")


def test_a_copy_numbers_its_columns_anew(mesh: Mesh) -> None:
    """Where a column was dropped before, those after it have other numbers in a copy."""
    up_by_column(mesh, SETUP.format(t="copied"), "copied")
    for site in mesh:
        site.execute("alter table copied drop column a")
    columns = (
        "select column_numbers from bondreplicate.replicate_tables where table_name = 'copied'"
    )
    eventually(lambda: mesh[1].value(columns) == [1, 3, 4], "the daemon has followed", 30)
    changed = "select changed from bondreplicate.replicate_log where changed is not null"
    with psycopg.connect(mesh[1].dsn) as there:
        there.execute("update copied set c = 'new' where id = 1")
        assert there.execute(changed).fetchall() == [([4],)]
        there.execute("alter table copied rename to original")
        there.execute("create table copied (id int primary key, b text, c text)")
        there.execute(query("state_copied_changed"), {"site": 3})
        assert there.execute(changed).fetchall() == [([3],)]
        there.rollback()
