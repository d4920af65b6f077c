"""Tables, and keys, that the origin of a link cannot read: all others go on."""

from collections.abc import Iterator

import pytest

from tests.integration.test_foreign_owner import BOND, GIVE, GRANTS, OWNER
from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.columns import up_by_column
from tests.scenarios.steps import assert_whole, freeze, rows_of, thaw, up

pytestmark = pytest.mark.timeout(120)

ROWS = f"""
create table t (id int primary key, n int); alter table t owner to {OWNER};
create table u (id int primary key); alter table u owner to {OWNER};
"""
LOCKED_OUT = f"revoke select on t from {OWNER}"
LET_IN = f"grant select on t to {OWNER}"
PASSED_OVER = (
    "insert into bondreplicate.replicate_unread (tab, site, since, reason)"
    " select id, 2, pg_current_snapshot(), '' from bondreplicate.replicate_tables"
    " where table_name = 't'"
)
NOTED = "select count(*) from bondreplicate.replicate_unread"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


@pytest.fixture
def role() -> Iterator[Mesh]:
    """Site 1 reads as a role that is no superuser; site 2 applies there as one that is."""
    mesh = make_mesh(("18", "15"), own_clusters=True, start=False)
    for site in mesh:
        site.execute(GRANTS)
    one = mesh[1]
    one.execute(f"grant all on schema public to {BOND}; alter schema bondreplicate owner to {BOND}")
    one.execute(GIVE)
    one.write_conf(dsn=one.database.cluster.dsn(one.database.name, user=BOND), site=1, maxsites=10)
    mesh.start()
    yield mesh
    mesh.end()


def arrives(mesh: Mesh, number: int) -> None:
    """Another table's change goes on."""
    mesh[1].execute("insert into u values (%s)", [number])
    eventually(lambda: mesh[2].query("select from u where id = %s", [number]), "u goes on")


def test_a_table_that_cannot_be_read_waits_alone(role: Mesh) -> None:
    """Updates, deletes, a TRUNCATE and what the target does meanwhile: nothing of it is lost."""
    up(role, ROWS, "t", "u")
    role[1].execute("insert into t select i, 0 from generate_series(1, 9) i")
    assert_whole(role)
    role[1].execute(LOCKED_OUT)
    role[1].execute("update t set n = 1 where id = 1; delete from t where id = 2")
    arrives(role, 1)
    role[2].execute("update t set n = 2 where id = 1; update t set n = 3 where id = 3")
    eventually(lambda: role[1].query("select from t where id = 3 and n = 3"), "site 2 is heard")
    role[1].execute("update t set n = 4 where id = 4")
    role[1].restart_daemon()
    arrives(role, 2)
    assert role[2].value("select n from t where id = 4") == 0
    assert any(f["check"] == "unread" and "public.t" in f["message"]
               for f in role[1].cli_json("doctor", check=1))  # fmt: skip
    role[1].execute(LET_IN)
    eventually(lambda: role[1].value(NOTED) == 0, "it is read again")
    assert_whole(role)
    kept = [row[:2] for row in rows_of(role, "t")]
    assert kept == [(1, 2), (3, 3), (4, 4), *((i, 0) for i in range(5, 10))]
    assert [(c["key"], c["winner_site"]) for c in role[1].conflicts()] == [(["1"], 2)]


def test_a_truncate_of_a_table_that_cannot_be_read(role: Mesh) -> None:
    up(role, ROWS, "t", "u")
    role[1].execute("insert into t select i, 0 from generate_series(1, 3) i")
    assert_whole(role)
    role[1].execute(LOCKED_OUT)
    role[1].execute("truncate t; insert into t values (7, 7)")
    arrives(role, 1)
    role[1].execute(LET_IN)
    eventually(lambda: role[1].value(NOTED) == 0, "it is read again")
    assert_whole(role)
    assert [row[:2] for row in rows_of(role, "t")] == [(7, 7)]


def test_columns_of_a_table_that_cannot_be_read() -> None:
    """What is sent later still says which columns were written."""
    mesh = make_mesh(("18", "15"), proxies=True)
    try:
        up_by_column(mesh, "create table t (id int primary key, n int, k int)", "t")
        mesh[1].execute("insert into t values (1, 0, 0)")
        assert_whole(mesh)
        mesh.proxies[2, 1].flows.clear()
        mesh[1].stop_daemon()
        mesh[2].execute("update t set k = 2")
        mesh[1].execute(PASSED_OVER)
        mesh[1].execute("update t set n = 1")
        mesh[1].start_daemon()
        eventually(lambda: mesh[1].value(NOTED) == 0, "it is read again")
        eventually(lambda: mesh[2].value("select n from t") == 1, "it is sent")
        mesh.proxies[2, 1].flows.set()
        assert_whole(mesh)
        assert rows_of(mesh, "t") == [(1, 1, 2)]
    finally:
        mesh.end()


ENUM = """
create type st as enum ('new', 'done');
create table t (o int, s st, n int, primary key (o, s));
create table u (id int primary key);
insert into t values (1, 'new', 0), (2, 'new', 0);
"""


def test_a_label_of_a_key_is_renamed_while_a_change_is_unsent(mesh: Mesh) -> None:
    """The row goes out under the key that it has by now; u goes on."""
    up(mesh, ENUM, "t", "u")
    freeze(mesh)
    mesh[1].execute("update t set n = 1 where o = 1")
    mesh[1].execute("delete from t where o = 2")
    for site in mesh:
        site.execute("alter type st rename value 'new' to 'open'")
    thaw(mesh)
    arrives(mesh, 1)
    eventually(lambda: mesh[2].value("select n from t where o = 1") == 1, "the row arrives")
    mesh.settle()
    assert mesh[1].query("select * from t") == [(1, "open", 1)]
    told = [(c["key"], c["kind"]) for c in mesh[2].conflicts()]
    assert sorted(told) == [(["1", "new"], "key"), (["2", "new"], "key")]
    mesh[2].execute("delete from t where o = 2")
    assert_whole(mesh)


RENAMED = "alter type st rename value 'new' to 'open'"


def test_a_label_of_a_key_that_another_site_had_changed_is_renamed(mesh: Mesh) -> None:
    """It is remembered still, and in the way of what is sent and of what comes."""
    up(mesh, ENUM + "insert into t values (3, 'new', 0)", "t", "u")
    one, two = mesh
    # Site 1 goes on remembering what site 2 made.
    one.stop_daemon()
    two.execute("update t set n = 1 where o = 1; delete from t where o = 2")
    eventually(lambda: one.query("select from t where n = 1"), "it arrives")
    for site in mesh:
        site.execute(RENAMED)
    two.execute("update t set n = 2 where o = 1")
    eventually(lambda: one.query("select from t where n = 2"), "what came later arrives")
    two.stop_daemon()
    one.execute("update t set n = 3 where o = 3")
    mesh.start()
    eventually(lambda: two.query("select from t where n = 3"), "what site 1 made arrives")
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(1, "open", 2), (3, "open", 3)]


def test_a_label_of_a_key_is_renamed_while_a_change_waits(mesh: Mesh) -> None:
    """That change waits alone."""
    up(mesh, ENUM + "insert into t values (3, 'new', 0)", "t", "u")
    one, two = mesh
    two.execute("alter table t add constraint small check (n < 9)")
    one.execute("update t set n = 10 where o = 1")
    waits = "select key from bondreplicate.replicate_parked"
    eventually(lambda: two.query(f"{waits} where hash is not null"), "it is refused, again")
    for site in mesh:
        site.execute(RENAMED)
    one.execute("update t set n = 3 where o = 3; update t set n = 11 where o = 2")
    eventually(lambda: two.query("select from t where o = 3 and n = 3"), "others go on")
    two.execute("alter table t drop constraint small")
    eventually(lambda: two.query("select from t where n = 11"), "what waits and can be read, too")
    mesh.settle()
    assert two.query(waits) == [(["1", "new"],)]
    one.execute("update t set n = 4 where o = 1")
    eventually(lambda: not two.query(waits), "a later state takes its place")
    assert_whole(mesh)


def test_a_truncate_meets_keys_of_which_a_label_was_renamed(mesh: Mesh) -> None:
    """It looks at every key that is remembered: what is later stays, what goes is told."""
    up(mesh, ENUM + "insert into t values (3, 'new', 0)", "t", "u")
    one, two = mesh
    mesh.stop()
    one.execute("update t set n = 2 where o = 2")
    two.execute("truncate t; insert into t values (4, 'new', 4)")
    one.execute("update t set n = 3 where o = 3")
    for site in mesh:
        site.execute(RENAMED)
    two.start_daemon()
    eventually(lambda: one.query("select o from t order by o") == [(3,), (4,)], "it is applied")
    one.start_daemon()
    assert_whole(mesh)
    assert rows_of(mesh, "t") == [(3, "open", 3), (4, "open", 4)]
    told = [(c["key"], c["kind"], c["loser_row"]) for c in one.conflicts()]
    assert (["2", "open"], "truncate", ["2", "open", "2"]) in told


def test_a_key_that_a_new_check_of_its_domain_forbids(mesh: Mesh) -> None:
    up(mesh, "create domain d as int; create table t (id d primary key); insert into t values (-5);"
       "create table u (id int primary key)", "t", "u")  # fmt: skip
    freeze(mesh)
    mesh[1].execute("delete from t; insert into t values (6)")
    mesh[1].execute("alter domain d add check (value > 0)")
    thaw(mesh)
    arrives(mesh, 1)
    eventually(lambda: mesh[2].query("select from t where id = 6"), "the other row arrives")
    mesh.settle()
    [told] = eventually(mesh[2].conflicts, "site 2 is told")
    assert (told["key"], told["kind"]) == (["-5"], "key")
    assert "a delete of it is not" in told["outcome"]


def test_a_truncate_that_was_not_sent_takes_no_later_rows_with_it(role: Mesh) -> None:
    """Site 2 has forgotten, by the time that the TRUNCATE comes, that they are later."""
    up(role, ROWS, "t", "u")
    role[1].execute("insert into t select i, 0 from generate_series(1, 3) i")
    assert_whole(role)
    role[1].execute(LOCKED_OUT)
    role[1].execute("truncate t; insert into t values (7, 7)")
    arrives(role, 1)
    role[2].execute("update t set n = 2 where id = 2; insert into t values (8, 8)")
    eventually(lambda: role[1].query("select from t where id = 8"), "site 1 has the later row")
    forgotten = "select count(*) = 0 from bondreplicate.replicate_log where source = 2"
    eventually(lambda: role[2].value(forgotten), "site 2 has forgotten it")
    role[1].execute(LET_IN)
    eventually(lambda: role[1].value(NOTED) == 0, "it is read again")
    assert_whole(role)
    assert [row[:2] for row in rows_of(role, "t")] == [(2, 2), (7, 7), (8, 8)]
