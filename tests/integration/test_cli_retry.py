"""`retry`: what waits has been tried again, and what is left of it is told."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.integration.pair import make_pair, park, set_position
from tests.kit import Mesh, eventually

pytestmark = pytest.mark.timeout(300)

SETUP = "create table item (id int primary key, price int); insert into item values (1, 1), (2, 2);"
PARKED = "select count(*) from bondreplicate.replicate_parked"


def test_retry_tells_what_waits_who_tries_it_and_when_nothing_is_left(
    new_mesh: Callable[..., Mesh],
):
    mesh = new_mesh(["15", "18"], SETUP)
    one, two = mesh
    assert one.cli("retry").stdout == "nothing is parked\n"
    one.execute("alter table item add constraint cheap check (price < 10)")
    two.execute("update item set price = 50 where id = 1")
    two.execute("create table only_there (id int primary key); insert into only_there values (7)")
    eventually(lambda: one.value(PARKED) == 2, "both wait at site 1", 60)

    waiting = one.cli_json("retry", "item", check=1)
    assert (waiting["waited"], waiting["applied"], waiting["not_tried"]) == (1, 0, {})
    left = waiting["left"][0]
    assert (left["site"], left["source"], left["table"], left["key"]) == (
        1,
        2,
        "public.item",
        ["1"],
    )
    assert "cheap" in left["reason"]
    told_by_doctor = [
        f["message"] for f in one.cli_json("doctor", check=1) if f["check"] == "parked"
    ]
    assert len(told_by_doctor) == 2
    assert any("site 2 waits: public.item, key 1: " in m and "cheap" in m for m in told_by_doctor)
    assert left["tried"]
    told = two.cli("retry", check=1)
    assert "2 changes waited, 0 of them no more" in told.stdout
    assert "public.only_there" in told.stdout
    assert one.cli_json("retry", "only_there", check=1)["waited"] == 1

    one.execute("alter table item drop constraint cheap")
    gone = one.cli("retry", "item")
    assert gone.stdout in ("nothing is parked\n", "1 change waited, 1 of them no more\n")
    assert one.value("select price from item where id = 1") == 50
    two.stop_daemon()
    alone = one.cli("retry", "--timeout", "60", check=1, timeout_s=30)
    assert (
        "error: link 2->1 has tried nothing: bondreplicate does not run at site 2" in alone.stderr
    )
    one.execute("create table only_there (id int primary key)")
    two.start_daemon()
    eventually(lambda: one.value(PARKED) == 0, "it is applied once the table is there", 30)
    assert two.cli("retry").stdout == "nothing is parked\n"
    assert [f["level"] for f in one.cli_json("doctor") if f["check"] == "parked"] == ["ok"]
    assert "error: itme is not in replicate_tables" in one.cli("retry", "itme", check=2).stderr
    assert "is not in the range" in one.cli("retry", "--timeout", "-1", check=2).stderr

    two.execute("update bondreplicate.replicate_hosts set dsn = 'host=/nowhere' where site = 1")
    silent = two.cli("retry", check=1)
    assert "error: site 1 was not asked: " in silent.stderr


def test_retry_ends_when_nothing_is_left_though_no_batch_comes(new_mesh: Callable[..., Mesh]):
    one, two = make_pair(new_mesh)
    set_position(one, two, two.value("select pg_current_snapshot()::text"))
    park(one, two, ["1"], "no parent")
    with two.database.connect() as daemon, ThreadPoolExecutor(1) as pool:
        daemon.execute("select pg_advisory_lock(1651469924, 3)")  # as its daemon does
        retry = pool.submit(one.cli, "retry", "--timeout", "100", check=0, timeout_s=60)
        asked = (
            "select count(*) from pg_stat_activity where application_name = 'bondreplicate retry'"
        )
        began = f"{asked} and query like '%replicate_position%'"
        eventually(lambda: one.value(began), "it waits for batches", 60)
        one.execute("delete from bondreplicate.replicate_parked")
        done = retry.result()
    assert done.stdout == "1 change waited, 1 of them no more\n"
    assert done.stderr == ""
