"""Tables that take one another's names: rebuilt, swapped, and written to at that moment."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import ACTIVE, assert_whole, rows_of, up

pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16"))
    yield mesh
    mesh.end()


def everywhere(mesh: Mesh, sql: str) -> None:
    for site in mesh:
        site.execute(sql)


@pytest.mark.parametrize("known", [True, False], ids=["known", "new"])
def test_a_table_rebuilt_under_another_name_goes_on(mesh: Mesh, known: bool) -> None:
    table = f"rebuilt_{known}".lower()
    columns = "(id int primary key, t text)"
    up(mesh, f"create table {table} {columns}; insert into {table} values (1, 'a')", table)
    if known:
        up(mesh, f"create table {table}_new {columns}", f"{table}_new")
        everywhere(mesh, f"drop table {table}; alter table {table}_new rename to {table}")
    else:
        everywhere(
            mesh,
            f"create table {table}_new {columns}; drop table {table};"
            f" alter table {table}_new rename to {table}",
        )
    mesh[1].execute(f"insert into {table} values (5, 'at once')")
    for site in mesh:
        eventually(lambda site=site: site.value(ACTIVE, [[table]]) == 1, f"{table} is known")
    mesh[2].execute(f"insert into {table} values (6, 'later')")
    assert_whole(mesh)
    assert rows_of(mesh, table) == [(5, "at once"), (6, "later")]


def test_two_tables_swap_their_names(mesh: Mesh) -> None:
    up(
        mesh,
        "create table swap_a (id int primary key, t text);"
        "create table swap_b (id int primary key, t text);"
        "insert into swap_a values (1, 'a'); insert into swap_b values (1, 'b')",
        "swap_a",
        "swap_b",
    )
    everywhere(
        mesh,
        "begin; alter table swap_a rename to swap; alter table swap_b rename to swap_a;"
        " alter table swap rename to swap_b; commit",
    )
    names = "select array_agg(table_name::text order by id) from bondreplicate.replicate_tables"
    for site in mesh:
        eventually(
            lambda site=site: (
                site.value(f"{names} where table_name ~ '^swap'") == ["swap_b", "swap_a"]
            ),
            "the names are noted",
        )
    mesh[1].execute("insert into swap_a values (2, 'was b')")
    mesh[2].execute("insert into swap_b values (2, 'was a')")
    assert_whole(mesh)
    assert rows_of(mesh, "swap_a") == [(1, "b"), (2, "was b")]
    assert rows_of(mesh, "swap_b") == [(1, "a"), (2, "was a")]


def test_a_table_made_while_another_is_attached_is_not_missed(mesh: Mesh) -> None:
    waiting = "select count(*) from pg_locks where not granted and relation = to_regclass('made_1')"
    site = mesh[1]
    with site.database.connect() as user:
        user.execute("create table made_1 (id int primary key)")
        # The triggers have to wait, for less than the daemon has patience.
        user.execute("begin")
        user.execute("lock table made_1 in share mode")
        eventually(lambda: site.value(waiting) == 1, "the daemon waits for made_1", every_s=0.01)
        site.execute("create table made_2 (id int primary key)")
        user.execute("commit")
    eventually(lambda: site.value(ACTIVE, [["made_1", "made_2"]]) == 2, "both are replicated", 10)
    site.execute("drop table made_1; drop table made_2")  # the other tests compare all tables


def test_a_table_that_takes_the_name_while_another_is_looked_after(mesh: Mesh) -> None:
    """Its changes are its own: logged as the other's they were lost with it."""
    columns = "(id int primary key, t text)"
    up(mesh, f"create table taken {columns}; create table taker {columns}", "taken", "taker")
    site = mesh[1]
    waiting = "select count(*) from pg_locks where not granted and relation = to_regclass('taken')"
    with site.database.connect() as user:
        user.execute("begin")
        user.execute("lock table taken in share mode")
        site.execute(
            "update bondreplicate.replicate_tables set shape = '' where table_name = 'taken'"
        )
        eventually(lambda: site.value(waiting) == 1, "the daemon waits for it", every_s=0.01)
        user.execute("drop table taken; alter table taker rename to taken")
        user.execute("commit")
    mesh[2].execute("drop table taken; alter table taker rename to taken")
    captured_by = (
        "select count(*) from pg_trigger g join bondreplicate.replicate_tables t"
        " on t.relid = g.tgrelid and g.tgfoid::regproc::text = 'bondreplicate.capture_' || t.id"
        " where t.table_name = 'taken' and t.active"
    )
    site.execute("insert into taken values (1, 'at once')")
    for one in mesh:
        eventually(lambda one=one: one.value(captured_by) == 5, "its triggers are its own")
    site.execute("insert into taken values (2, 'later')")
    assert_whole(mesh)
    assert rows_of(mesh, "taken") == [(1, "at once"), (2, "later")]
