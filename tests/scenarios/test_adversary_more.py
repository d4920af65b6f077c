"""What an adversary found: rows beside one another's transactions, objects that stopped a link."""

import threading
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh, pause
from tests.scenarios.steps import (
    ACTIVE,
    PARKED,
    assert_whole,
    conflicts,
    one_a_day,
    rows_of,
    settle,
    two_or_three,
    up,
)

pytestmark = pytest.mark.timeout(180)


@pytest.fixture(params=two_or_three(("18", "15"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param)
    yield mesh
    mesh.end()


@pytest.fixture
def two() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def goes_on(mesh: Mesh, site: int, table: str, number: int) -> None:
    """Another table's changes still reach a site."""
    mesh[3 - site].execute(f"insert into {table} values (%s)", [number])
    eventually(
        lambda: mesh[site].query(f"select from {table} where id = %s", [number]), "others go on", 20
    )


@pytest.mark.parametrize("open_s", one_a_day(2, 0.4))
def test_a_tombstone_beside_an_insert_that_is_not_committed(mesh: Mesh, open_s: float) -> None:
    """It finds nothing to remove; the row that is then committed is older, and stands."""
    up(mesh, "create table k (id int primary key, t text)", "k")
    with mesh[2].database.connect() as user:
        user.execute("begin; insert into k values (7, 'late')")
        mesh[1].execute("insert into k values (7, 'x'); delete from k where id = 7")
        mesh[1].execute("insert into k values (1, 'after')")
        eventually(lambda: mesh[2].query("select from k where id = 1"), "the tombstone is applied")
        pause(open_s)  # news of it get round, and it may be forgotten
        user.execute("commit")
    assert_whole(mesh)
    assert rows_of(mesh, "k") == [(1, "after"), (7, "late")]


def test_a_column_that_is_written_to_at_once(mesh: Mesh) -> None:
    """The link still had the columns of before: the values of the new one stayed away for good."""
    up(mesh, "create table w (id int primary key); insert into w values (1), (2)", "w")
    for round_ in range(4):
        for site in mesh:
            site.execute(f"alter table w add c{round_} int")
        mesh[1].execute(f"update w set c{round_} = 5")
        assert_whole(mesh, rounds=1)
        found = [site.query(f"select c{round_} from w") for site in mesh]
        assert found == [[(5,), (5,)]] * len(found)


def test_a_column_at_one_site_alone_is_parked_from_the_first(two: Mesh) -> None:
    up(two, "create table w (id int primary key); insert into w values (1), (2)", "w")
    two[1].execute("alter table w add d int; update w set d = 1")
    eventually(lambda: two[2].value(PARKED) == 2, "the changes wait at site 2")
    two[2].execute("alter table w add d int")
    assert_whole(two)
    assert rows_of(two, "w") == [(1, 1), (2, 1)]


def test_a_child_whose_parent_is_not_replicated_waits_alone(two: Mesh) -> None:
    """It stopped the link."""
    up(
        two,
        "create table alone (id int primary key); create table other (id int primary key);"
        "create table child (id int primary key, a int references alone)",
        "alone", "other", "child",
    )  # fmt: skip
    for site in two:
        site.cli("tables", "disable", "alone")
        eventually(lambda s=site: s.value(ACTIVE, [["alone"]]) == 0, "it is left out")
    two[1].execute("insert into alone values (1); insert into child values (1, 1)")
    eventually(lambda: two[2].value(PARKED) == 1, "the child waits")
    goes_on(two, 2, "other", 1)
    two[2].execute("insert into alone values (1)")
    assert_whole(two)
    assert rows_of(two, "child") == [(1, 1)]


def test_a_truncate_that_is_refused_waits_alone(two: Mesh) -> None:
    up(two, "create table t (id int primary key); create table other (id int primary key)",
       "t", "other")  # fmt: skip
    two[1].execute("insert into t values (1), (2)")
    settle(two)
    two[2].execute(
        "create function refuse() returns trigger language plpgsql as"
        " $$ begin raise exception 'append only'; end $$;"
        "create trigger refuse before delete on t for each row execute function refuse();"
        "alter table t enable always trigger refuse"
    )
    two[1].execute("truncate t; insert into t values (3)")
    eventually(lambda: two[2].value(PARKED) == 2, "the TRUNCATE waits, and what came with it")
    goes_on(two, 2, "other", 1)
    two[2].execute("drop trigger refuse on t")
    assert_whole(two)
    assert rows_of(two, "t") == [(3,)]


def test_what_waits_for_a_table_that_is_dropped_ends_no_daemon(two: Mesh) -> None:
    up(two, "create table t (id int primary key, n int); create table other (id int primary key)",
       "t", "other")  # fmt: skip
    two[2].execute("alter table t add constraint small check (n < 100)")
    two[1].execute("insert into t values (1, 500)")
    eventually(lambda: two[2].value(PARKED) == 1, "it waits")
    two[2].execute("insert into t values (1, 5); drop table t")
    pause(3)
    goes_on(two, 2, "other", 1)
    goes_on(two, 1, "other", 2)
    for site in two:
        site.assert_alive()


def test_a_table_made_anew_has_nothing_of_the_old_one() -> None:
    """Its number was that of the old one, whose versions then killed new rows."""
    mesh = make_mesh(("18", "16", "15"))
    try:
        columns = "(id int primary key, t text)"
        up(mesh, f"create table t {columns}", "t")
        mesh[3].stop_daemon()
        mesh[1].execute("insert into t values (1, 'old')")
        eventually(lambda: mesh[2].query("select from t"), "site 2 has the old row")
        anew = f"drop table t; create table t {columns}"
        mesh[1].execute(f"{anew}; insert into t values (1, 'new')")
        mesh[2].execute(anew)
        mesh[3].execute(anew)
        pause(2)
        mesh[3].start_daemon()
        assert_whole(mesh)
        assert rows_of(mesh, "t") == [(1, "new")]
    finally:
        mesh.end()


def test_a_table_is_enabled_again_while_no_daemon_looks(two: Mesh) -> None:
    up(two, "create table t (id int primary key)", "t")
    two[2].stop_daemon()
    two[2].cli("tables", "disable", "t")
    two[1].restart_daemon()
    two[1].execute("insert into t values (1)")
    pause(2)
    two[2].cli("tables", "enable", "t")
    two[1].execute("insert into t values (2)")
    two[2].start_daemon()
    two[1].execute("insert into t values (3)")
    assert_whole(two)
    assert rows_of(two, "t") == [(1,), (2,), (3,)]


def test_a_row_that_somebody_holds_makes_no_other_user_wait(two: Mesh) -> None:
    up(two, "create table held (id int primary key, n int); insert into held values (1, 0)", "held")
    ended, waited = threading.Event(), []

    def write() -> None:
        with two[2].database.connect() as c:
            c.execute("set lock_timeout = '500ms'")
            number = 100
            while not ended.wait(0.02):
                number += 1
                try:
                    c.execute("insert into held values (%s, 0)", [number])
                except psycopg.Error as error:
                    waited.append(str(error))

    writer = threading.Thread(target=write)
    with two[2].database.connect() as user:
        user.execute("begin; select from held where id = 1 for update")
        writer.start()
        two[1].execute("update held set n = 1 where id = 1")
        pause(8)
        ended.set()
        writer.join()
        user.execute("commit")
    assert not waited
    assert_whole(two)
    assert not conflicts(two[1], "held")
