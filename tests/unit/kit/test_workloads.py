"""The writers of the kit write, know what was acknowledged, and survive faults."""

import uuid

import pytest

from tests.kit import Database, Proxy, checkers, eventually
from tests.kit.workloads import PRODUCTS, SHOP, Pgbench, Writers, pgbench_tables


def test_the_same_seed_writes_the_same(database: Database) -> None:
    database.execute(SHOP + PRODUCTS)
    runs = []
    for _ in range(2):
        with Writers(database.dsn, "seed", threads=1, rounds=40) as writers:
            outcome = writers.join()
        runs.append(database.query("select name, balance from customer order by id"))
        assert outcome.committed > 20
        assert set(outcome.refused) <= {"23503", "23505"}
        checkers.assert_nothing_lost([database.dsn], "public.event", "id", outcome.acknowledged)
        database.execute("truncate customer, orders, order_line, event restart identity")
        database.execute("update product set stock = 100000")
    assert runs[0] == runs[1]


def test_writers_come_back_after_a_cut(database: Database) -> None:
    database.execute(SHOP + PRODUCTS)
    with Proxy(database.cluster) as proxy, Writers(proxy.dsn(database.name), 1) as writers:
        told = writers.outcome
        eventually(lambda: told.committed > 20, "some are committed")
        proxy.cut()
        eventually(lambda: told.reconnected > 2, "the writers are back")
        eventually(lambda: told.committed > 50, "more are committed")
    there = {i for (i,) in database.query("select id from event")}
    assert told.acknowledged <= there <= told.acknowledged | told.in_doubt


def test_a_mistake_in_an_action_is_raised_in_the_test(database: Database) -> None:
    database.execute("create table event (id uuid primary key, at timestamptz)")
    with (
        pytest.raises(Exception, match="what"),
        Writers(database.dsn, 1, actions=[lambda _, __: None], rounds=1) as writers,
    ):
        writers.join()


def test_pgbench_runs_beside_the_test(database: Database) -> None:
    pgbench_tables(database)
    with Pgbench(database, seconds=60, clients=2) as run:
        eventually(lambda: database.value("select count(*) from pgbench_history") > 0, "it writes")
        report = run.end()
    assert report.transactions == database.value("select count(*) from pgbench_history") > 0
    assert report.failed == 0
    assert report.tps > 0


def test_what_nobody_wrote_is_lost(database: Database) -> None:
    database.execute(SHOP)
    with pytest.raises(AssertionError, match="1 lost"):
        checkers.assert_nothing_lost([database.dsn], "public.event", "id", {uuid.uuid4()})
