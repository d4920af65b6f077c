"""Keys and columns are altered while changes are on their way, or wait: nothing is lost.

What is in the log and among the parked changes is told by the key that a row had then.
"""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole, parted, up

pytestmark = pytest.mark.timeout(120)

KEY = (
    "select min(array_to_string(key_columns, ',')) from bondreplicate.replicate_tables"
    " where active and table_name = 'a'"
)
ROWS = "select * from a order by 1, 2"
TWO_COLUMNS = "alter table a drop constraint a_pkey, add primary key (id, v)"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16"))
    yield mesh
    mesh.end()


def keyed_by(mesh: Mesh, key: str) -> None:
    for site in mesh:
        eventually(lambda site=site: site.value(KEY) == key, f"{site} follows a by {key}")


def test_a_key_is_altered_while_changes_are_unsent(mesh: Mesh) -> None:
    up(
        mesh,
        "create table a (id int primary key, v int not null);"
        " insert into a values (1, 1), (2, 2), (3, 3)",
        "a",
    )
    with parted(mesh):
        mesh[1].execute("insert into a values (5, 5); update a set v = 11 where id = 1")
        mesh[1].execute("delete from a where id = 2")
        mesh[2].execute("update a set v = 33 where id = 3; insert into a values (6, 6)")
        for site in mesh:
            site.execute(TWO_COLUMNS)
    keyed_by(mesh, "id,v")
    assert_whole(mesh)
    assert mesh[2].query(ROWS) == [(1, 11), (3, 33), (5, 5), (6, 6)]
    mesh[2].execute("insert into a values (1, 12); delete from a where id = 5")
    mesh[1].execute("update a set v = 34 where id = 3")
    assert_whole(mesh)
    assert mesh[1].query(ROWS) == [(1, 11), (1, 12), (3, 34), (6, 6)]


def test_a_key_is_altered_while_the_daemons_are_stopped(mesh: Mesh) -> None:
    up(
        mesh,
        "create table a (id int primary key, v int not null); insert into a values (1, 1), (2, 2)",
        "a",
    )
    mesh.stop()
    mesh[1].execute("insert into a values (5, 5); update a set v = 11 where id = 1")
    mesh[1].execute("delete from a where id = 2")
    for site in mesh:
        site.execute(TWO_COLUMNS)
    mesh.start()
    keyed_by(mesh, "id,v")
    assert_whole(mesh)
    assert mesh[2].query(ROWS) == [(1, 11), (5, 5)]


def test_a_key_is_altered_at_one_site_first(mesh: Mesh) -> None:
    """What waits at the one for the other key is told by that, and found by it later."""
    up(
        mesh,
        "create table a (id int primary key, v int not null unique);"
        " insert into a values (1, 1), (2, 2), (3, 3)",
        "a",
    )
    mesh[1].execute("alter table a drop constraint a_pkey, add primary key (v)")
    eventually(lambda: mesh[1].value(KEY) == "v", "site 1 follows the new key")
    mesh[2].execute("update a set v = 22 where id = 2; delete from a where id = 1")
    mesh[2].execute("insert into a values (4, 4)")
    eventually(lambda: mesh[1].value(PARKED) == 3, "changes wait at site 1")
    mesh[1].execute("update a set v = 33 where id = 3")
    eventually(lambda: mesh[2].value(PARKED) == 2, "changes wait at site 2")
    mesh[2].execute("alter table a drop constraint a_pkey, add primary key (v)")
    keyed_by(mesh, "v")
    assert_whole(mesh)
    assert mesh[1].query(ROWS) == [(2, 22), (3, 33), (4, 4)]


def test_a_key_is_dropped_for_a_moment(mesh: Mesh) -> None:
    up(
        mesh,
        "create table a (id int primary key, v int); insert into a values (1, 1), (2, 2), (3, 3)",
        "a",
    )
    mesh[2].stop_daemon()
    mesh[1].stop_daemon()
    mesh[1].execute("delete from a where id = 1; update a set v = 22 where id = 2")
    mesh[1].execute("alter table a drop constraint a_pkey")
    mesh[1].start_daemon()
    reason = "select reason from bondreplicate.replicate_tables where active and table_name = 'a'"
    eventually(lambda: "key was dropped" in (mesh[1].value(reason) or ""), "site 1 says so")
    assert "its key was dropped" in mesh[1].cli("status", check=None).stdout
    assert "its key was dropped" in mesh[1].cli("doctor", check=None).stdout
    mesh[1].execute("update a set v = 33 where id = 3; insert into a values (4, 4)")
    mesh[2].start_daemon()
    eventually(lambda: mesh[2].query(ROWS) == [(2, 22), (3, 33), (4, 4)], "the changes arrive")
    mesh[1].execute("alter table a add primary key (id)")
    eventually(lambda: mesh[1].value(reason) is None, "site 1 follows the key that is back")
    mesh[2].execute("delete from a where id = 4")
    assert_whole(mesh)
    assert mesh[1].query(ROWS) == [(2, 22), (3, 33)]


def test_the_order_of_the_columns_of_a_key_differs(mesh: Mesh) -> None:
    """(a, b) is not read as (b, a)."""
    mesh[1].execute("create table a (x int, y int, t text, primary key (x, y))")
    mesh[2].execute("create table a (x int, y int, t text, primary key (y, x))")
    for site in mesh:
        eventually(lambda site=site: site.value(KEY) is not None, f"{site} replicates a")
    mesh[1].execute("insert into a values (1, 2, 'one')")
    eventually(lambda: mesh[2].value(PARKED) == 1, "it waits")
    reason = mesh[2].value("select reason from bondreplicate.replicate_parked")
    assert "y, x here, x, y at the origin" in reason
    mesh[2].execute("alter table a drop constraint a_pkey, add primary key (x, y)")
    mesh[2].execute("insert into a values (2, 1, 'two')")
    keyed_by(mesh, "x,y")
    assert_whole(mesh)
    assert mesh[2].query(ROWS) == [(1, 2, "one"), (2, 1, "two")]


@pytest.mark.parametrize("later", [True, False])
def test_a_change_that_waits_is_superseded_by_its_key_written_otherwise(
    mesh: Mesh, later: bool
) -> None:
    up(mesh, "create table a (id numeric primary key, v int)", "a")
    mesh[2].execute("alter table a add check (v > 0)")
    mesh[1].execute("insert into a values (1.0, -1)")
    eventually(lambda: mesh[2].value(PARKED) == 1, "it waits")
    mesh[1].execute("update a set id = 1.00, v = 5")
    eventually(lambda: mesh[2].value("select max(v) from a") == 5, "the later one arrives")
    eventually(lambda: mesh[2].value(PARKED) == 0, "the older one waits no more")
    if later:
        mesh[2].execute("update a set v = 6")
    mesh[2].execute("alter table a drop constraint a_v_check")
    assert_whole(mesh)
    assert mesh[1].value("select v from a") == (6 if later else 5)


def test_both_spellings_of_a_key_wait(mesh: Mesh) -> None:
    up(mesh, "create table a (id numeric primary key, v int)", "a")
    mesh[2].execute("alter table a add check (v > 0)")
    mesh[1].execute("insert into a values (1.0, -1)")
    eventually(lambda: mesh[2].value(PARKED) == 1, "it waits")
    mesh[1].execute("update a set id = 1.00, v = -2")
    again = "select count(*) from bondreplicate.replicate_parked where vals[2] = '-2'"
    eventually(lambda: mesh[2].value(again) == 1, "the later one waits")
    mesh[2].execute("alter table a drop constraint a_v_check")
    assert_whole(mesh)
    assert mesh[2].query("select id::text, v from a") == [("1.00", -2)]


def test_a_change_waits_while_columns_are_added_and_renamed(mesh: Mesh) -> None:
    """It has no value for them: it is sent again with them."""
    up(mesh, "create table a (id int primary key, v int); insert into a values (1, 1)", "a")
    mesh[1].execute("alter table a add column w int")
    mesh[1].execute("update a set v = 2, w = 2")
    mesh[1].execute("insert into a values (2, 20, 200)")
    eventually(lambda: mesh[2].value(PARKED) == 2, "two rows wait")
    script = "alter table a add column x int not null default 7; alter table a rename v to n"
    mesh[1].execute(script)
    columns = "select columns::text from bondreplicate.replicate_tables where table_name = 'a'"
    eventually(lambda: mesh[1].value(columns) == "{id,n,w,x}", "site 1 has followed")
    mesh[2].execute("alter table a add column w int")
    mesh[2].execute(script)
    assert_whole(mesh)
    assert mesh[2].query(ROWS) == [(1, 2, 2, 7), (2, 20, 200, 7)]
