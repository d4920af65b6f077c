"""Changes from several sites that wait for one another: none of them waits for ever."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole, parted, rows_of, settle, up

pytestmark = pytest.mark.timeout(180)
ORDER = ((2, 3), (1, 3), (3, 1), (3, 2), (1, 2), (2, 1))
TABLES = """
create table f_p (id int primary key, code text unique, n text);
create table f (id int primary key, p int references f_p, a text, b text);
"""


@pytest.fixture
def three() -> Iterator[Mesh]:
    mesh = make_mesh(proxies=True)
    yield mesh
    mesh.end()


def test_a_value_registered_twice_with_a_child_each_that_others_have_changed(three: Mesh) -> None:
    one, two, other = three
    up(three, TABLES, "f_p", "f")
    one.execute("insert into f values (1, null, 'a', 'b'), (2, null, 'a', 'b')")
    settle(three)
    with parted(three, ORDER):
        one.execute("insert into f_p values (11, 'same', 'by 1')")
        one.execute("update f set p = 11 where id = 1")
        other.execute("update f set a = 'a3'")
        two.execute("insert into f_p values (22, 'same', 'by 2')")
        two.execute("update f set p = 22 where id = 2")
        one.execute("update f set b = 'b1'")
    settle(three)
    assert_whole(three)


def test_a_value_handed_over_to_a_row_that_its_former_holder_points_at(three: Mesh) -> None:
    """No two of these were concurrent: nothing is removed, re-pointed or told as a conflict."""
    one, two, other = three
    up(three, "create table t (id int primary key, code text unique, p int references t)", "t")
    one.execute("insert into t values (1, 'same', null), (3, 'child', 1)")
    settle(three)
    three.proxies[3, 1].flows.clear()
    three.proxies[2, 1].flows.clear()
    other.execute("update t set code = 'free' where id = 1")
    eventually(lambda: two.value("select code from t where id = 1") == "free", "site 2 has it")
    two.execute("insert into t values (2, 'same', null)")
    eventually(lambda: other.value("select count(*) from t") == 3, "site 3 has it")
    other.execute("update t set p = 2 where id = 1")
    three.proxies[3, 1].flows.set()
    eventually(lambda: one.value(PARKED) == 1, "row 1 waits for row 2")
    three.proxies[2, 1].flows.set()
    settle(three)
    assert_whole(three)
    rows = [(1, "free", 2), (2, "same", None), (3, "child", 1)]
    assert one.query("select * from t order by id") == rows
    assert not one.conflicts()


def test_what_waits_for_a_dropped_table_is_not_tried_in_one_that_has_its_name(three: Mesh) -> None:
    one, two, other = three
    columns = "(id int primary key, p int references p)"
    up(three, f"create table p (id int primary key); insert into p values (7);"
       f"create table m {columns}; create table n {columns};"
       "create table o (id int primary key, p int)", "p", "m", "n", "o")  # fmt: skip
    one.execute("set session_replication_role = replica; delete from p")
    two.execute("insert into m values (2, 7)")
    other.execute("insert into n values (3, 7)")
    eventually(lambda: one.value(f"{PARKED} where tries > 1") == 2, "both wait at site 1")
    other.stop_daemon()
    for site in three:
        site.execute("drop table n; alter table o rename to n")
    named = "select count(*) from bondreplicate.replicate_tables where table_name = 'n' and active"
    eventually(lambda: one.value(f"{named} and relid = 'n'::regclass") == 1, "site 1 knows")
    tries = "select tries from bondreplicate.replicate_parked where table_name = 'm'"
    before = one.value(tries)
    eventually(lambda: one.value(tries) > before + 1, "what waits is tried")
    other.start_daemon()
    one.execute("set session_replication_role = replica; insert into p values (7)")
    assert_whole(three)
    assert (rows_of(three, "m"), rows_of(three, "n")) == ([(2, 7)], [])
    assert [(c["kind"], c["key"]) for c in one.conflicts()] == [("dropped", ["3"])]
