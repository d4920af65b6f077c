"""What waits of a site that is taken out of the mesh, or disabled, is not forgotten."""

from collections.abc import Callable, Iterator

import pytest

from tests.kit import Mesh, checkers, eventually, make_mesh
from tests.kit.mesh import settle
from tests.scenarios.steps import PARKED, one_a_day, up

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "18"), proxies=True)
    yield mesh
    mesh.end()


@pytest.mark.parametrize("how", one_a_day("remove", "disable"))
def test_a_child_of_it_waits_for_a_parent_of_another(mesh: Mesh, how: str) -> None:
    up(mesh, "create table p (id int primary key);"
       "create table c (id int primary key, p int references p)", "p", "c")  # fmt: skip
    one, two, three = mesh
    with mesh.proxies[2, 1].refusing():
        two.execute("insert into p values (7)")
        eventually(lambda: three.query("select from p"), "the parent is at site 3")
        three.execute("insert into c values (1, 7)")
        eventually(lambda: two.query("select from c"), "the child is at site 2")
        eventually(lambda: one.value(PARKED) == 1, "the child waits at site 1")
        three.stop_daemon()
        for site in (one, two):
            site.cli("hosts", how, "3")
        eventually(
            lambda: one.value("select origin_tab is null from bondreplicate.replicate_parked"),
            "site 1 tries it by itself",
        )
    eventually(lambda: one.query("select from c") and one.value(PARKED) == 0, "it is applied")
    if how == "remove":
        settle([one, two])
    checkers.assert_same([one.dsn, two.dsn])


def test_a_truncate_of_it_waits_and_rows_changed_since_stay(mesh: Mesh) -> None:
    """It keeps the log until it is applied."""
    table = (
        "create table t (id int primary key, n int); insert into t values (1, 0), (2, 0), (3, 0)"
    )
    up(mesh, table, "t")
    one, two, three = mesh
    holder = one.database.connect()
    holder.execute("begin; update t set n = 9 where id = 1")
    with mesh.proxies[2, 3].refusing():
        two.execute("update t set n = 2 where id = 2")
        eventually(lambda: one.query("select from t where n = 2"), "site 1 has it")
        three.execute("truncate t")
        eventually(lambda: one.value(PARKED) == 1, "the TRUNCATE waits at site 1", 30)
        eventually(lambda: not two.query("select from t"), "it is at site 2")
        two.execute("insert into t values (3, 3)")
        three.stop_daemon()
        for site in (one, two):
            site.cli("hosts", "remove", "3")
        holder.execute("rollback")
        holder.close()
        eventually(lambda: one.value(PARKED) == 0, "it is applied")
    settle([one, two])
    checkers.assert_same([one.dsn, two.dsn])
    assert one.query("select * from t") == [(3, 3)]


def test_a_batch_of_it_that_is_under_way_is_sent_on_too(new_mesh: Callable[..., Mesh]) -> None:
    """Site 1 is applying what nobody else has got, when it is told that site 3 has left."""
    mesh = new_mesh(("18", "16", "18"), proxies=True, settings={"lock_timeout_ms": 60_000})
    up(mesh, "create table t (id int primary key, n int); insert into t values (1, 0)", "t")
    one, two, three = mesh
    with mesh.proxies[3, 2].refusing():
        with one.database.connect() as user:
            user.execute("begin; select from t for update")
            three.execute("update t set n = 3")
            session = "from pg_stat_activity where datname = current_database() and"
            at_work = f"select count(*) {session} application_name = 'bondreplicate apply 3->1'"
            eventually(lambda: one.value(f"{at_work} and wait_event_type = 'Lock'"), "it comes")
            for site in (one, two):
                site.cli("hosts", "remove", "3")
            waits = f"select count(*) {session} wait_event = 'advisory'"
            left = "select count(*) from pg_stat_activity where application_name ~ 'apply 1->3'"
            eventually(lambda: one.value(waits) or not three.value(left), "site 1 knows")
            user.execute("rollback")
        eventually(lambda: two.query("select from t where n = 3"), "site 2 has it of site 1")
    three.stop_daemon()
    settle([one, two])
    checkers.assert_same([one.dsn, two.dsn])
