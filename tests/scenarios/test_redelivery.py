"""Everything twice, everything out of order: each change has its effect once."""

import itertools
import random
import re
import signal
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from bondreplicate.border.database import connect
from bondreplicate.border.settings import Settings
from bondreplicate.errors import BondError, TransientError
from bondreplicate.site.apply import Batch, Target
from bondreplicate.site.extract import Extractor
from bondreplicate.site.tables import fetch_tables
from tests.kit import Mesh, Site, make_mesh
from tests.kit.workloads import PRODUCTS, SHOP, Writers
from tests.scenarios.steps import (
    SOAK,
    assert_whole,
    conflicts,
    parted,
    rows_of,
    settle,
    up,
    wait_delivered,
)

pytestmark = pytest.mark.timeout(300)

REVISION = "update bondreplicate.replicate_state set tables_revision = tables_revision"
POSITION = "select position::text from bondreplicate.replicate_position where site = %s"
COUNTED = """
create table seen_{t} (id int, n int);
create function count_{t}() returns trigger language plpgsql as $$ begin
    insert into public.seen_{t} values (new.id, new.n); return null; end $$;
create trigger count_it after insert or update on {t} for each row execute function count_{t}();
alter table {t} enable always trigger count_it;
"""
UNCOUNTED = "drop trigger count_it on {t}; drop function count_{t}; drop table seen_{t}"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["18", "16", "15"], proxies=True)
    yield mesh
    mesh.end()


def forget_since(target: Site, origin: Site, position: str) -> None:
    """What a target would say if it had never got what came after `position`."""
    target.execute(
        "update bondreplicate.replicate_position set position = %s::pg_snapshot where site = %s",
        [position, origin.number],
    )


def test_s87_all_again_while_writers_run(mesh: Mesh) -> None:
    up(mesh, SHOP, "customer", "product", "orders", "order_line", "event")
    mesh[1].execute(PRODUCTS)
    a, b, c = mesh
    c.daemon.send_signal(signal.SIGSTOP)  # so that A and B have to keep their logs
    try:
        wait_delivered(mesh, (1, 2))
        position = b.value(POSITION, [1])
        with Writers(a.dsn, "s87 a", rounds=60) as one, Writers(b.dsn, "s87 b", rounds=60) as two:
            written = [one.join(), two.join()]
        for link in ((1, 2), (2, 1)):
            wait_delivered(mesh, link)
        decided = [x["id"] for x in b.conflicts()]
        with (
            Writers(a.dsn, "s87 c", rounds=40 * (20 if SOAK else 1)) as one,
            Writers(b.dsn, "s87 d", rounds=40 * (20 if SOAK else 1)) as two,
        ):
            for _ in range(3):
                a.stop_daemon()
                forget_since(b, a, position)
                a.start_daemon()
            written += [one.join(), two.join()]
        wait_delivered(mesh, (1, 2))
        again = b.query(
            "select key, table_name, count(*) from bondreplicate.replicate_error"
            " where kind = 'concurrent' group by key, table_name, loser_stamp, loser_site,"
            " loser_repair, winner_stamp, winner_site, winner_repair having count(*) > 1"
        )
        assert again == []
        assert set(decided) <= {x["id"] for x in b.conflicts()}
    finally:
        c.daemon.send_signal(signal.SIGCONT)
    assert_whole(mesh)
    wanted = set().union(*(outcome.acknowledged for outcome in written))
    for site in mesh:
        there = {row[0] for row in site.query("select id from event")}
        assert wanted <= there, f"{len(wanted - there)} lost at {site}"


def test_s87_again_without_effect(mesh: Mesh) -> None:
    """Quiet sites: what was decided stays as it is, no trigger fires, nothing new is logged."""
    up(mesh, "create table again (id int primary key, n int)", "again")
    a, b, c = mesh
    position = b.value(POSITION, [1])
    mesh[1].execute("insert into again select i, 0 from generate_series(1, 20) i")
    settle(mesh)
    position = b.value(POSITION, [1])
    with parted(mesh):
        a.execute("update again set n = 1 where id <= 5; delete from again where id = 6")
        b.execute("update again set n = 2 where id in (1, 6); delete from again where id = 2")
        a.execute("update again set n = 3 where id = 7; insert into again values (30, 1)")
        c.daemon.send_signal(signal.SIGSTOP)
        # Only A and B go on; C holds the log of both.
        a.daemon.send_signal(signal.SIGCONT)
        b.daemon.send_signal(signal.SIGCONT)
        wait_delivered(mesh, (1, 2))
        wait_delivered(mesh, (2, 1))
        b.execute(COUNTED.format(t="again"))
        before = conflicts(b, "again"), b.query("select * from again order by 1")
        for _ in range(2):
            a.stop_daemon()
            forget_since(b, a, position)
            a.start_daemon()
            wait_delivered(mesh, (1, 2))
        assert (conflicts(b, "again"), b.query("select * from again order by 1")) == before
        assert b.query("select * from seen_again") == [], "applied twice, with an effect"
        b.execute(UNCOUNTED.format(t="again"))
    assert_whole(mesh)
    assert rows_of(mesh, "again")[0] == (1, 2)


class Courier:
    """Carries batches from one site to another by hand, as often and in any order."""

    def __init__(self, origin: Site, target: Site, stack: ExitStack) -> None:
        settings = Settings(dsn=origin.dsn, site=origin.number)
        self.here = stack.enter_context(connect(origin.dsn, role="courier"))
        self.extractor = Extractor(self.here, origin.number)
        self.tables = fetch_tables(self.here)
        self.origin = origin
        self.proof = target.value(
            "select proof from bondreplicate.replicate_position where site = %s", [origin.number]
        )
        self.targets = [
            Target(
                stack.enter_context(connect(target.dsn, role="courier")), settings, origin.number
            )
            for _ in range(3)
        ]
        for one in self.targets:
            one.learn(self.tables)
            one.prepare(self.tables.shapes)

    def pick_up(self, since: str) -> tuple[Batch, list[bytes]]:
        """A batch of all from `since` on."""
        incarnation = self.origin.value("select incarnation from bondreplicate.replicate_state")
        unsent = self.extractor.look(since)
        self.extractor.prepare(self.tables, self.targets[0].mapped, unsent.tabs)
        with self.extractor.snapshot():
            unsent = self.extractor.look(since)
            with self.extractor.copy_out(since, unsent.tabs, unsent) as copy:
                blocks = [bytes(block) for block in copy]
        vector = dict(unsent.vector)
        number, entries = self.origin.number, unsent.entries
        batch = Batch(number, str(incarnation), since, unsent.upto, vector, entries)
        return replace(batch, proof=self.proof, proof_held=self.proof), blocks

    def deliver(self, batch: tuple[Batch, list[bytes]], by: int = 0) -> bool:
        """Whether the batch was taken."""
        try:
            with self.targets[by].transaction():
                self.targets[by].stage(batch[1])
                self.targets[by].merge(batch[0])
        except BondError as error:
            if error.sqlstate not in ("BR010", "40001", "40P01", "55P03"):
                raise
            return False
        return True


def test_s87_shuffled_and_at_once(mesh: Mesh) -> None:
    up(mesh, "create table shuffled (id int primary key, n int)", "shuffled")
    a, b, _ = mesh
    seed = random.randrange(10**6)
    print("seed", seed)
    mesh[1].execute("insert into shuffled select i, 0 from generate_series(1, 50) i")
    settle(mesh)
    b.execute(COUNTED.format(t="shuffled"))
    with parted(mesh):
        with ExitStack() as stack:
            courier = Courier(a, b, stack)
            batches, since = [], b.value(POSITION, [1])
            for n in range(1, 6):
                a.execute("update shuffled set n = %s where id %% 5 < %s", [n, n])
                batches.append(courier.pick_up(since))
                since = batches[-1][0].upto
            taken: list[int] = []
            attempts = [i for i in range(5) for _ in range(3)]
            for turn in itertools.count():
                random.Random(seed + turn).shuffle(attempts)
                taken += [i for i in attempts if courier.deliver(batches[i])]
                if len(taken) == 5 or turn > 20:
                    break
            assert taken == [0, 1, 2, 3, 4], "each once, and none before the one that it follows"
            at_once(a, b, courier, since)
        counts = b.query("select n, count(*) from seen_shuffled group by n order by n")
        assert counts == [(n, 10 * n) for n in range(1, 6)] + [(6, 50)]
    b.execute(UNCOUNTED.format(t="shuffled"))
    assert_whole(mesh)
    assert rows_of(mesh, "shuffled") == [(i, 6) for i in range(1, 51)]
    assert not conflicts(b, "shuffled")


def at_once(a: Site, b: Site, courier: Courier, since: str) -> None:
    """One batch three times, over three connections, at the same time."""
    a.execute("update shuffled set n = 6")
    batch = courier.pick_up(since)
    together, took = threading.Barrier(3), []

    def deliver(by: int) -> None:
        together.wait()
        took.append(courier.deliver(batch, by))

    threads = [threading.Thread(target=deliver, args=(by,)) for by in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(took) == [False, False, True]


def test_a_batch_for_other_tables_than_there_are_is_refused(mesh: Mesh) -> None:
    """One whose rows have no table here was once taken, and its rows were lost."""
    up(mesh, "create table fits (id int primary key, n int)", "fits")
    a, b, _ = mesh
    with parted(mesh), ExitStack() as stack:
        since = b.value(POSITION, [1])
        a.execute("insert into fits values (1, 1)")
        courier = Courier(a, b, stack)
        batch, blocks = courier.pick_up(since)
        tab = courier.targets[0].mapped[next(iter(courier.extractor.look(since).tabs))].tab
        strange = [re.sub(rb"^%d\t" % tab, b"-99\t", b"".join(blocks))]
        refused = (
            (strange, "number -99, which is not known", REVISION),
            (blocks, "tables here have changed", REVISION + " + 1"),
        )
        for rows, why, revision in refused:
            b.execute(revision)
            with pytest.raises(TransientError, match=why) as told:
                courier.deliver((batch, rows))
            assert told.value.sqlstate == "BR035"
            assert b.value(POSITION, [1]) == since
        b.execute(REVISION + " - 1")
        assert courier.deliver((batch, blocks))
        assert b.query("select * from fits") == [(1, 1)]
    assert_whole(mesh)
