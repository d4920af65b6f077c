"""Changes that come before those they rest on, or to a site where something forbids them."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import (
    PARKED,
    assert_whole,
    conflicts,
    parted,
    rows_of,
    settle,
)

pytestmark = pytest.mark.timeout(300)

SETUP = """
create table lu (id int primary key, t text);
insert into lu values (651, 'old'), (652, 'old'), (1, 'other');
create table um (id int primary key, t text);
create table uc (id int primary key, u text unique);
insert into uc values (1, 'a'), (2, 'b'), (3, 'c');
create table su (id int primary key, mail text unique);
create table fw (id int primary key, n int);
create table counted (id int, operation text);
create function count_it() returns trigger language plpgsql as $$ begin
    insert into public.counted values (coalesce(new.id, old.id), tg_op); return null; end $$;
create trigger t after insert or update or delete on fw for each row execute function count_it();
alter table fw enable always trigger t;
create table rn (id int primary key, n int); create table rd (id int primary key, n int);
create table rt (id int primary key, n int);
create table np (id int primary key); insert into np values (1);
create table nv (id int primary key, p int, t text); insert into nv values (1, 77, 'a');
alter table nv add foreign key (p) references np not valid;
"""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), SETUP, proxies=True)
    for site in mesh:
        # The orphan goes before sites are compared: its test puts it back.
        site.execute("set session_replication_role = replica; delete from nv")
    settle(mesh)
    yield mesh
    mesh.end()


def arrives(mesh: Mesh, site: int, query: str, value: object) -> None:
    eventually(lambda: mesh[site].value(query) == value, f"site {site}: {query}: {value!r}")


def test_s65_an_update_that_comes_long_after_the_delete(mesh: Mesh) -> None:
    remembered = "select count(*) from bondreplicate.replicate_log where key = '{%s}'"
    with mesh.unplugged(3):
        mesh[3].execute("update lu set t = 'early' where id = 651")
        mesh[1].execute("delete from lu where id in (651, 652)")
        mesh[3].execute("update lu set t = 'late' where id = 652")
        for number in range(10, 15):  # news get round, and what may be forgotten is
            mesh[1].execute("insert into lu values (%s, 'a')", [number])
            arrives(mesh, 2, f"select count(*) from lu where id = {number}", 1)
            mesh[2].execute("delete from lu where id = %s", [number])
            arrives(mesh, 1, f"select count(*) from lu where id = {number}", 0)
        for site in (mesh[1], mesh[2]):
            for key in (651, 652):
                assert site.value(remembered % key) == 1, "forgotten before site 3 has it"
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "lu") == [(1, "other"), (652, "late")]
    for site in mesh:
        told = {(c["key"][0], c["loser_site"], str(c["loser_row"])) for c in conflicts(site, "lu")}
        assert told == {("651", 3, "['651', 'early']"), ("652", 1, "None")}


def test_s66_an_update_comes_before_its_insert(mesh: Mesh) -> None:
    """The first time the insert is still to be read when it can pass; the second it is under way.

    Its site has not seen the update then, though the update has seen it.
    """
    for key in (9, 10):
        with mesh.proxies[1, 3].blackhole():
            mesh[1].execute("insert into um values (%s, 'a')", [key])
            arrives(mesh, 2, f"select count(*) from um where id = {key}", 1)
            mesh[2].execute(f"update um set t = 'b' where id = {key}")
            arrives(mesh, 3, f"select max(t) from um where id = {key}", "b")
        assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "um") == [(9, "b"), (10, "b")]
    assert not any(conflicts(site, "um") for site in mesh)


def test_s69_a_value_goes_from_row_to_row_over_three_sites(mesh: Mesh) -> None:
    take_a = "update uc set u = 'a' where id = 2"
    with pytest.raises(psycopg.errors.UniqueViolation):
        mesh[2].execute(take_a)
    with mesh.proxies[1, 3].blackhole():
        mesh[1].execute("update uc set u = 't' where id = 1")
        mesh[1].execute("update uc set u = 'a2' where id = 1")
        arrives(mesh, 2, "select u from uc where id = 1", "a2")
        mesh[2].execute(take_a)
        arrives(mesh, 1, "select u from uc where id = 2", "a")
        eventually(lambda: mesh[3].value(PARKED) == 1, "it waits at site 3 for the row that had it")
        assert mesh[3].query("select u from uc order by id") == [("a",), ("b",), ("c",)]
    arrives(mesh, 3, "select u from uc where id = 2", "a")
    mesh[3].execute("update uc set u = 'b' where id = 3")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "uc") == [(1, "a2"), (2, "a"), (3, "b")]
    assert not any(conflicts(site, "uc") for site in mesh)


def test_s67_the_loser_does_not_come_back(mesh: Mesh) -> None:
    with parted(mesh):
        mesh[1].execute("insert into su values (11, 'x@y'), (13, 'z')")
        mesh[2].execute("insert into su values (12, 'x@y')")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "su") == [(12, "x@y"), (13, "z")]
    mesh[3].execute("delete from su where id = 12")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "su") == [(13, "z")]
    mesh[3].execute("insert into su values (11, 'x@y')")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "su") == [(11, "x@y"), (13, "z")]


def test_s81_each_change_once_and_by_its_maker(mesh: Mesh) -> None:
    """`counted` has no key, so each site has its own: the same everywhere, if all went well."""
    for site in mesh:
        first = 100 * site.number
        site.execute(f"insert into fw select i, 0 from generate_series({first}, {first + 9}) i")
    settle(mesh)
    with mesh.proxies[1, 3].blackhole():
        mesh[1].execute("update fw set n = 1")
        arrives(mesh, 2, "select min(n) from fw", 1)
        makers = "select distinct source, site from bondreplicate.replicate_log where key = '{%s}'"
        for key in (100, 200, 300):
            assert mesh[2].query(makers % key) == [(1, 1)]
    settle(mesh)
    mesh[2].execute("delete from fw where id % 10 < 5")
    assert_whole(mesh)
    assert len(rows_of(mesh, "fw")) == 15
    counted = "select operation, count(*), count(distinct id) from counted group by 1 order by 1"
    for site in mesh:
        assert site.query(counted) == [("DELETE", 15, 15), ("INSERT", 30, 30), ("UPDATE", 30, 30)]


REFUSALS = {
    "rn": ("alter table rn alter n set not null", "alter table rn alter n drop not null"),
    "rd": (
        "create domain small as int check (value < 100); alter table rd alter n type small",
        "alter domain small drop constraint small_check",
    ),
    "rt": (
        """create function refuse() returns trigger language plpgsql as
        $$ begin if new.n > 100 then raise exception 'too much'; end if; return new; end $$;
        create trigger refuse before insert on rt for each row execute function refuse();
        alter table rt enable always trigger refuse""",
        "drop trigger refuse on rt",
    ),
}


def test_s78_what_one_site_refuses_waits_there_and_is_shown(mesh: Mesh) -> None:
    for refuse, _ in REFUSALS.values():
        mesh[2].execute(refuse)
    for table, value in (("rn", "null"), ("rd", "500"), ("rt", "500")):
        mesh[1].execute(f"insert into {table} values (1, 50), (2, {value}), (3, 60)")
    eventually(lambda: mesh[2].value(PARKED) == 3, "three rows wait")
    for table in REFUSALS:
        assert mesh[2].query(f"select n from {table} order by id") == [(50,), (60,)]
        arrives(mesh, 3, f"select count(*) from {table}", 3)
    reasons = "select table_name, reason from bondreplicate.replicate_parked order by 1"
    told = dict(mesh[2].query(reasons))
    assert "not-null" in told["rn"]
    assert "small_check" in told["rd"]
    assert "too much" in told["rt"]
    assert "parked" in mesh[2].cli("status", check=1).stdout
    for _, allow in REFUSALS.values():
        mesh[2].execute(allow)
    eventually(lambda: mesh[2].value(PARKED) == 0, "what waited is tried again")
    mesh[2].execute("alter table rd alter n type int; drop domain small; drop function refuse")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "rn") == [(1, 50), (2, None), (3, 60)]
    for table in ("rd", "rt"):
        assert rows_of(mesh, table) == [(1, 50), (2, 500), (3, 60)]


def test_s38_an_orphan_of_before_stops_nothing(mesh: Mesh) -> None:
    for site in mesh:
        site.execute("set session_replication_role = replica; insert into nv values (1, 77, 'a')")
    mesh[1].execute("insert into nv values (2, 1, 'b')")
    mesh[1].execute("update nv set t = 'c'")
    for site in (2, 3):
        arrives(mesh, site, "select count(*) from nv where t = 'c'", 2)
    mesh[2].execute("update nv set p = null where id = 1")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "nv") == [(1, None, "c"), (2, 1, "c")]
    assert not any(conflicts(site, "nv") for site in mesh)
