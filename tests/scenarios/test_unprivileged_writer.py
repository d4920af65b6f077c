"""Scenario 122: clients without any right on the schema of replication."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh, mixed_versions

SETUP = """
create table note (id int primary key, body text);
create table diary (id int primary key, body text);
create table folder (id int primary key, parent int references folder on delete cascade);
"""
ROLE = "clerk"
TABLES = (
    "replicate_log",
    "replicate_log_0",
    "replicate_state",
    "replicate_hosts",
    "replicate_error",
    "replicate_parked",
    "replicate_position",
)


@pytest.fixture(scope="module")
def pair() -> Iterator[Mesh]:
    mesh = make_mesh(mixed_versions(2), SETUP)
    for site in mesh:
        site.execute(f"create role {ROLE} login")
        site.execute(f"grant insert, update, delete, select on note, folder to {ROLE}")
        site.execute(f"grant truncate on note to {ROLE}")
    yield mesh
    mesh.stop()
    for site in mesh:
        site.execute(f"drop owned by {ROLE}; drop role {ROLE}")
    mesh.end()


@pytest.fixture
def clerk(pair: Mesh) -> Iterator[psycopg.Connection]:
    database = pair[1].database
    with database.cluster.connect(database.name, user=ROLE) as connection:
        yield connection


def test_s122_all_it_may_write_is_captured(pair: Mesh, clerk: psycopg.Connection) -> None:
    for statement in (
        "insert into note select i, 'n' || i from generate_series(1, 20) i",
        "update note set body = 'changed' where id <= 5",
        "update note set id = id + 100 where id = 6",
        "delete from note where id = 7",
        "insert into folder values (1, null), (2, 1), (3, 2)",
        "delete from folder where id = 2",
    ):
        clerk.execute(statement)
    with clerk.transaction():
        clerk.execute("set local search_path = pg_temp, public")
        clerk.execute("create temp table replicate_state (site int, part int)")
        clerk.execute("insert into note values (50, 'shadowed')")
    pair.assert_whole()
    assert pair[2].value("select count(*) from note where body = 'changed'") == 5
    assert pair[2].query("select id from note where id in (6, 7, 50, 106) order by 1") == [
        (50,),
        (106,),
    ]
    assert pair[2].query("select id from folder") == [(1,)]
    clerk.execute("truncate note")
    eventually(lambda: pair[2].value("select count(*) from note") == 0, "the TRUNCATE arrives")


def test_s122_it_sees_nothing_of_other_tables(clerk: psycopg.Connection) -> None:
    for table in TABLES:
        for statement in ("select from", "delete from", "truncate"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                clerk.execute(f"{statement} bondreplicate.{table}")
    functions = clerk.execute(
        "select p.oid::regprocedure::text from pg_proc p"
        " join pg_namespace n on n.oid = p.pronamespace"
        " where (n.nspname = 'bondreplicate' or p.proname = 'replicate_down')"
        " and has_function_privilege(p.oid, 'execute')"
    ).fetchall()
    assert functions == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        clerk.execute("select replicate_down()")


def test_s122_it_cannot_capture_for_others(pair: Mesh, clerk: psycopg.Connection) -> None:
    """A capture function runs with its owner's rights: nobody else may hang it on a table."""
    [(function,)] = pair[1].query(
        "select 'bondreplicate.' || p.proname from pg_trigger g join pg_proc p on p.oid = g.tgfoid"
        " where g.tgname = 'bondreplicate_insert' and g.tgrelid = 'diary'::regclass"
    )
    with clerk.transaction(force_rollback=True):
        clerk.execute("create temp table mine (id int primary key, body text)")
        with pytest.raises(psycopg.errors.InsufficientPrivilege), clerk.transaction():
            clerk.execute(
                "create trigger t after insert on mine referencing new table as bond_new"
                f" for each statement execute function {function}()"
            )


def test_s122_the_same_errors_as_without_replication(clerk: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table"):
        clerk.execute("insert into diary values (1, 'x')")
    clerk.execute("insert into note values (900, 'x')")
    with pytest.raises(psycopg.errors.UniqueViolation):
        clerk.execute("insert into note values (900, 'y')")
    done = clerk.execute("update note set body = 'z' where id = 900 returning body")
    assert (done.rowcount, done.fetchall()) == (1, [("z",)])
