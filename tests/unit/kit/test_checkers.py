"""The checkers of the kit find what they look for, and only that."""

import shutil
from collections.abc import Callable

import pytest

from tests.kit import Database, available_versions, checkers

NewDatabase = Callable[..., Database]

SETUP = """
create table parent (id int primary key, name text, at timestamptz, f float8);
create table child (id int primary key, parent_id int references parent, note text);
create table "Odd ""name" ("a'b" int, "C d" text);
create table parted (id int, v text, primary key (id)) partition by range (id);
create table parted_1 partition of parted for values from (0) to (100);
create table base (id int);
create table derived (x int) inherits (base);
create table nothing ();
insert into parent values (1, 'one', '2024-01-01 12:00+00', 0.1), (2, null, '-infinity', '-0');
insert into child values (10, 1, 'x'), (11, null, '');
insert into "Odd ""name" values (1, ''), (1, null);
insert into parted values (1, 'a'), (2, 'b');
insert into base values (1);
insert into derived values (2, 3);
"""


def _twins(new_database: NewDatabase) -> list[Database]:
    versions = available_versions()
    return [new_database(versions[0], SETUP), new_database(versions[-1], SETUP)]


def test_equal_databases_are_the_same_whatever_the_order(new_database: NewDatabase) -> None:
    one, two = _twins(new_database)
    two.execute("drop table child; create table child (note text, gone int, id int primary key)")
    two.execute("alter table child drop gone; alter table child add parent_id int")
    two.execute("insert into child (id, parent_id, note) values (11, null, ''), (10, 1, 'x')")
    two.execute(f'alter database "{two.name}" set timezone to "Asia/Tokyo"')
    two.execute(f'alter database "{two.name}" set datestyle to "SQL, DMY"')
    hashes = checkers.assert_same([one.dsn, two.dsn])
    assert {name: table.rows for name, table in hashes.items()} == {
        'public.Odd "name': 2,
        "public.base": 1,
        "public.child": 2,
        "public.derived": 1,
        "public.nothing": 0,
        "public.parent": 2,
        "public.parted": 2,
    }


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("update parent set f = 0 where id = 2", "public.parent"),
        ("update parent set name = '' where id = 2", "public.parent"),
        ("update parent set at = at + interval '1 microsecond' where id = 1", "public.parent"),
        ("delete from child where id = 11", "public.child"),
        ("update parted set v = 'c' where id = 2", "public.parted"),
        ("update derived set id = 4", "public.derived"),
        ('insert into "Odd ""name" values (1, null)', 'public.Odd "name'),
        ("create table extra (i int)", "public.extra"),
    ],
)
def test_any_difference_is_named(change: str, named: str, new_database: NewDatabase) -> None:
    one, two = _twins(new_database)
    two.execute(change)
    with pytest.raises(AssertionError) as difference:
        checkers.assert_same([one.dsn, two.dsn])
    told = str(difference.value)
    assert f"\n  {named}:" in told
    assert told.count("\n  public.") == 1


def test_a_difference_shows_the_rows(new_database: NewDatabase) -> None:
    one, two = _twins(new_database)
    two.execute("update child set note = 'y' where id = 10")
    with pytest.raises(AssertionError, match=r"note='x'[\s\S]*note='y'"):
        checkers.assert_same([one.dsn, two.dsn])


def test_orphans_are_found_where_the_catalog_calls_the_key_valid(database: Database) -> None:
    database.execute(SETUP)
    database.execute("""
        create table pair (a int, b text, primary key (a, b));
        create table needs (id int, a int, b text,
            foreign key (a, b) references pair match full);
        insert into pair values (1, 'x');
        insert into needs values (1, 1, 'x'), (2, null, null);
    """)
    assert checkers.orphans(database.dsn) == []
    checkers.assert_no_orphans([database.dsn])
    database.execute("""
        set session_replication_role = replica;
        delete from parent where id = 1;
        insert into needs values (3, 1, null), (4, 2, 'x');
    """)
    broken = {o.constraint: (o.child, o.parent, o.rows) for o in checkers.orphans(database.dsn)}
    assert broken == {
        "child_parent_id_fkey": ("public.child", "public.parent", 1),
        "needs_a_b_fkey": ("public.needs", "public.pair", 2),
    }
    with pytest.raises(AssertionError, match="child_parent_id_fkey"):
        checkers.assert_no_orphans([database.dsn])


def test_what_was_acknowledged_and_is_missing_is_lost(database: Database) -> None:
    database.execute(SETUP)
    checkers.assert_nothing_lost([database.dsn], "public.parent", "id", {1, 2})
    with pytest.raises(AssertionError, match="1 lost"):
        checkers.assert_nothing_lost([database.dsn], "public.parent", "id", {1, 2, 3})


@pytest.mark.skipif(checkers.yardstick("dbhash.sh") is None, reason="no yardstick beside the repo")
@pytest.mark.skipif(shutil.which("bash") is None, reason="needs bash")
def test_the_yardstick_agrees_with_the_checkers(new_database: NewDatabase) -> None:
    one, two = _twins(new_database)
    hashes = [checkers.run_yardstick("dbhash.sh", db.cluster, db.name) for db in (one, two)]
    assert hashes[0] == hashes[1]
    assert "public.parent|2|" in hashes[0]
    one.execute("set session_replication_role = replica; delete from parent where id = 1")
    assert "child_parent_id_fkey" in checkers.run_yardstick("fkcheck.sh", one.cluster, one.name)
    assert checkers.run_yardstick("dbhash.sh", one.cluster, one.name) != hashes[1]
