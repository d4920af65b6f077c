"""What commits when: rolled back parts, prepared and long transactions, other databases."""

import contextlib
import threading
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Cluster, Mesh, checkers, eventually, make_mesh
from tests.scenarios.steps import SOAK, assert_whole, rows_of, up

pytestmark = pytest.mark.timeout(600 if SOAK else 240)

NORMAL_LAG_S = 5.0
"""Far above what is normal, far below what a change would take that waits for a transaction."""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["16", "15"], own_clusters=True)
    yield mesh
    mesh.end()


def arrives(mesh: Mesh, query: str, value: object, timeout_s: float = NORMAL_LAG_S) -> None:
    for site in mesh:
        eventually(
            lambda site=site: site.value(query) == value, f"{site}: {query}: {value}", timeout_s
        )


def test_s49_subtransactions(mesh: Mesh) -> None:
    up(mesh, "create table sp (id int primary key)", "sp")
    mesh[1].psql(
        """
        begin; insert into sp values (1); savepoint a; insert into sp values (2);
        rollback to a; insert into sp values (3); savepoint b; insert into sp values (4);
        release b; commit;
        begin; insert into sp values (9); rollback;
        do $$ begin for i in 100..300 loop begin
            insert into sp values (i);
            if i % 2 = 0 then raise exception 'x'; end if;
            exception when raise_exception then null;
        end; end loop; end $$;
        """
    )
    assert_whole(mesh)
    assert rows_of(mesh, "sp") == [(i,) for i in (1, 3, 4, *range(101, 300, 2))]


def test_s50_two_phase_commit(mesh: Mesh) -> None:
    up(mesh, "create table tpc (id int primary key)", "tpc")
    others = 1000 if SOAK else 300
    with mesh[1].database.connect() as c:
        for name, key in (("x", 1), ("y", 2)):
            c.execute(f"begin; insert into tpc values ({key}); prepare transaction '{name}'")
        for i in range(others):
            c.execute("insert into tpc values (%s)", [10 + i])
    for site in mesh:
        eventually(
            lambda site=site: site.value("select count(*) from tpc") == others,
            f"{site} has what was committed meanwhile",
            NORMAL_LAG_S,
        )
    blocked = mesh[1].query(
        "select gid from pg_prepared_xacts where database = current_database() order by gid"
    )
    assert blocked == [("x",), ("y",)]
    mesh[1].database.cluster.restart()
    mesh[1].execute("insert into tpc values (5)")
    arrives(mesh, "select count(*) from tpc where id = 5", 1, 20)
    mesh[1].execute("commit prepared 'x'")
    mesh[1].execute("rollback prepared 'y'")
    arrives(mesh, "select count(*) from tpc where id = 1", 1)
    assert_whole(mesh)
    assert rows_of(mesh, "tpc") == [(1,), (5,), *((10 + i,) for i in range(others))]


COUNT = """
create function count_it() returns trigger language plpgsql as $$ begin
    insert into public.counted values (new.id); return null; end $$;
create trigger t after insert on oo for each row execute function count_it();
alter table oo enable always trigger t;
"""


def test_s51_open_across_many_batches(mesh: Mesh) -> None:
    up(mesh, "create table oo (id int primary key, s text); create table counted (n int)", "oo")
    # Applied twice, a change would be counted twice: this trigger fires on replicated rows too.
    mesh[2].execute(COUNT)
    batches = "select batches from bondreplicate.replicate_position where site = 1"
    before, step = mesh[2].value(batches) or 0, 10 if SOAK else 50
    db = mesh[1].database
    with db.connect() as slow, db.connect() as early, db.connect() as quick:
        slow.execute("begin; insert into oo values (1, 'slow')")
        # Has its transaction id before all the others, and its first log entry after them.
        early.execute("begin; select pg_current_xact_id()")
        for start in range(1, 1000, step):
            for i in range(start + 1, start + step + 1):
                quick.execute("insert into oo values (%s, 'quick')", [i])
            arrives(mesh, f"select count(*) from oo where id = {i} and s = 'quick'", 1, 20)
        assert mesh[2].value(batches) - before >= 1000 // step
        assert mesh[2].query("select id from oo where s <> 'quick'") == []
        slow.execute("commit")
        arrives(mesh, "select count(*) from oo where id = 1", 1)
        early.execute("insert into oo values (2000, 'early')")
        early.execute("commit")
        arrives(mesh, "select count(*) from oo", 1002)
    twice = mesh[2].query("select n, count(*) from counted group by n having count(*) <> 1")
    counted = mesh[2].value("select count(*) from counted")
    mesh[2].execute("drop trigger t on oo; drop function count_it; truncate counted")
    assert (twice, counted) == ([], 1002)
    assert_whole(mesh)


@contextlib.contextmanager
def open_elsewhere(cluster: Cluster, site_dsn: str) -> Iterator[None]:
    """A writer in another database of the cluster, and a reader and a dump in this one."""
    cluster.createdb("other")
    with cluster.connect("other") as writer, psycopg.connect(site_dsn, autocommit=True) as reader:
        writer.execute("begin")
        writer.execute("create table z ()")
        reader.execute("begin isolation level repeatable read")
        reader.execute("select count(*) from far")
        yield
        assert writer.info.transaction_status == reader.info.transaction_status
        reader.execute("commit")
        writer.execute("commit")
    cluster.dropdb("other")


def test_s53_writer_in_another_database(mesh: Mesh) -> None:
    up(mesh, "create table far (id int primary key, n int)", "far")
    site, cluster = mesh[1], mesh[1].database.cluster
    seconds = 600 if SOAK else 6
    worst_s = 0.0
    with open_elsewhere(cluster, site.dsn):
        dump = threading.Thread(target=lambda: cluster.pg_dump(site.database.name))
        dump.start()
        begun_s, i = time.monotonic(), 0
        while time.monotonic() < begun_s + seconds:
            i += 1
            written_s = time.monotonic()
            site.execute("insert into far values (%s, 0)", [i])
            arrives(mesh, f"select count(*) from far where id = {i}", 1)
            worst_s = max(worst_s, time.monotonic() - written_s)
        dump.join(60)
        assert not dump.is_alive(), "pg_dump waits"
        # The foreign writer holds no entry back: what is everywhere goes, as far as the log's
        # parts are not locked by those who read them.
        held = checkers.log_entries(site.dsn)
        assert held <= i * 2, "the log grows by more than what was written"
        told = site.cli_json("status", check=None)
        assert told["links"], told
    assert worst_s < NORMAL_LAG_S
    eventually(lambda: checkers.log_entries(site.dsn) == 0, "the log shrinks when they have ended")
    assert_whole(mesh)
