"""Seeded writers, and pgbench.

The same seed makes the same choices in the same threads; how the threads interleave is the
machine's, so a seed repeats a workload and not a schedule.
"""

import random
import re
import signal
import subprocess
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import TracebackType

import psycopg

from tests.kit.clusters import Database

SHOP = """
create table customer (
    id serial primary key,
    email text not null unique,
    name text not null,
    balance numeric(12, 2) not null default 0,
    changed_at timestamptz not null default now()
);
create table product (
    id smallint primary key,
    name text not null,
    stock integer not null
);
create table orders (
    id bigserial primary key,
    customer_id integer not null references customer,
    placed_at timestamptz not null default now(),
    note text
);
create table order_line (
    order_id bigint references orders on delete cascade,
    line smallint,
    product_id smallint not null references product,
    quantity integer not null check (quantity > 0),
    primary key (order_id, line)
);
create table event (
    id uuid primary key,
    at timestamptz not null default clock_timestamp(),
    what text not null
);
"""
PRODUCTS = """
insert into product select i, 'product ' || i, 100000 from generate_series(1, 20) i;
"""

Connection = psycopg.Connection
Action = Callable[[Connection, random.Random], None]


def add_customer(connection: Connection, rng: random.Random) -> None:
    """A new customer; the address may be taken already, here or at another site."""
    name = f"c{rng.randrange(100000)}"
    connection.execute(
        "insert into customer (email, name) values (%s, %s)", [f"{name}@example.com", name]
    )


def edit_customer(connection: Connection, rng: random.Random) -> None:
    """Changes an existing customer, the lower ids far more often."""
    connection.execute(
        "update customer set name = %s, balance = balance + %s, changed_at = now() where id ="
        " (select id from customer order by id offset %s limit 1)",
        [f"n{rng.randrange(1000)}", rng.randrange(-500, 500), int(rng.expovariate(0.05))],
    )


def place_order(connection: Connection, rng: random.Random) -> None:
    """An order with its lines, in one transaction."""
    with connection.transaction():
        placed = connection.execute(
            "insert into orders (customer_id, note) select id, %s from customer order by id"
            " offset %s limit 1 returning id",
            [rng.choice([None, "", "gift", "löwe ✓"]), int(rng.expovariate(0.05))],
        ).fetchone()
        if placed is None:
            return
        for line in range(rng.randrange(1, 5)):
            product = rng.randrange(1, 21)
            connection.execute(
                "insert into order_line values (%s, %s, %s, %s)",
                [placed[0], line, product, rng.randrange(1, 9)],
            )
        connection.execute(
            "update product set stock = stock - 1 where id = %s", [rng.randrange(1, 21)]
        )


def drop_order(connection: Connection, rng: random.Random) -> None:
    """Deletes an order; its lines go with it."""
    connection.execute(
        "delete from orders where id = (select id from orders order by id offset %s limit 1)",
        [int(rng.expovariate(0.05))],
    )


SHOP_ACTIONS: Sequence[Action] = (
    add_customer,
    add_customer,
    edit_customer,
    edit_customer,
    place_order,
    place_order,
    drop_order,
)
# What a user may meet without any replication: a value that is taken, a parent that is gone.
EXPECTED_CLASSES = ("23",)


@dataclass
class Outcome:
    """What clients were told."""

    committed: int = 0
    acknowledged: set[uuid.UUID] = field(default_factory=set)
    in_doubt: set[uuid.UUID] = field(default_factory=set)
    refused: Counter[str] = field(default_factory=Counter)  # by SQLSTATE
    reconnected: int = 0


class Writers:
    """Threads that write through `dsn` until told to stop.

    Each round is one action and one row in `event`, in one transaction: what was acknowledged can
    be looked for later with `checkers.assert_nothing_lost`.

    Args:
        dsn: Where to write.
        seed: Anything with a stable text.
        threads: How many clients.
        actions: What they do; `SHOP_ACTIONS` needs `SHOP` and `PRODUCTS`.
        rounds: Rounds of each thread; None: until `stop`.
        per_second: Rounds per second of each thread; None: as fast as they can.
    """

    def __init__(
        self,
        dsn: str,
        seed: object,
        *,
        threads: int = 2,
        actions: Sequence[Action] = SHOP_ACTIONS,
        rounds: int | None = None,
        per_second: float | None = None,
    ) -> None:
        self.dsn = dsn
        self.actions = actions
        self.rounds = rounds
        self.pause_s = 1 / per_second if per_second else 0.0
        self.outcome = Outcome()
        self._problems: list[Exception] = []
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(f"{seed} {i}"),), daemon=True)
            for i in range(threads)
        ]

    def __enter__(self) -> "Writers":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join(60)
        if error is None and self._problems:
            raise self._problems[0]

    def join(self, timeout_s: float = 120) -> Outcome:
        """Wait until all rounds are done."""
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
            assert not thread.is_alive(), f"writers were not done within {timeout_s} s"
        if self._problems:
            raise self._problems[0]
        return self.outcome

    def _work(self, rng: random.Random) -> None:
        connection: Connection | None = None
        done = 0
        try:
            while not self._ended.is_set() and done != self.rounds:
                done += 1
                if connection is None or connection.closed:
                    connection = self._connect()
                if connection is not None:
                    self._round(connection, rng)
                self._ended.wait(self.pause_s)
        except Exception as problem:  # noqa: BLE001 -- raised in the test's own thread, by join()
            self._problems.append(problem)
        finally:
            if connection is not None:
                connection.close()

    def _connect(self) -> Connection | None:
        try:
            connection = psycopg.connect(self.dsn, autocommit=True, connect_timeout=5)
        except psycopg.OperationalError:
            self._ended.wait(0.1)
            return None
        with self._lock:
            self.outcome.reconnected += 1
        return connection

    def _round(self, connection: Connection, rng: random.Random) -> None:
        """One transaction: an action, and the row that proves it."""
        proof = uuid.UUID(int=rng.getrandbits(128), version=4)
        action = rng.choice(self.actions)
        committing = False
        try:
            with connection.transaction():
                action(connection, rng)
                connection.execute(
                    "insert into event (id, what) values (%s, %s)", [proof, action.__name__]
                )
                committing = True
        except psycopg.OperationalError as error:
            with self._lock:
                self.outcome.refused[error.sqlstate or "connection lost"] += 1
                # The connection broke at COMMIT: nobody knows, until somebody looks.
                if committing and connection.closed:
                    self.outcome.in_doubt.add(proof)
        except psycopg.Error as error:
            if (error.sqlstate or "")[:2] not in EXPECTED_CLASSES:
                raise
            with self._lock:
                self.outcome.refused[error.sqlstate or ""] += 1
        else:
            with self._lock:
                self.outcome.committed += 1
                self.outcome.acknowledged.add(proof)


def pgbench_tables(database: Database, scale: int = 1, *, data: bool = True) -> None:
    """Make the tables of pgbench; the history gets a key, which replication needs.

    Args:
        database: Where.
        scale: pgbench's: 100,000 accounts each.
        data: False: the tables stay empty.
    """
    steps = "dtgvp" if data else "dtp"
    database.cluster.pgbench(database.name, "-i", "-q", "-I", steps, "-s", str(scale))
    database.execute("alter table pgbench_history add column id bigserial primary key")


@dataclass(frozen=True)
class PgbenchReport:
    """What pgbench says of a run."""

    transactions: int
    failed: int
    tps: float
    text: str


class Pgbench:
    """pgbench's TPC-B, running beside the test for `seconds` at most; leaving it kills it."""

    def __init__(
        self,
        database: Database,
        seconds: int,
        *,
        clients: int = 4,
        rate: float | None = None,
        seed: int = 1,
        args: Sequence[str] = (),
    ) -> None:
        command = [database.cluster.postgres.program("pgbench"), "-n", "-T", str(seconds)]
        command += ["-c", str(clients), "-j", "1", f"--random-seed={seed}"]
        command += ["-R", str(rate)] if rate else []
        command += [*args, database.dsn]
        self.seconds = seconds
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def __enter__(self) -> "Pgbench":
        return self

    def __exit__(self, *what: object) -> None:
        if self.is_running():
            self._process.kill()
        self._process.communicate()

    def end(self) -> PgbenchReport:
        """Let the clients finish what they are at, and report: as if its time were over."""
        self._process.send_signal(signal.SIGALRM)
        return self.wait()

    def wait(self) -> PgbenchReport:
        """Wait for its end; no client may have been aborted."""
        text, _ = self._process.communicate(timeout=self.seconds + 60)
        assert self._process.returncode == 0, text
        assert "aborted" not in text, text
        return PgbenchReport(
            transactions=int(_told(r"transactions actually processed: (\d+)", text)),
            failed=int(_told(r"failed transactions: (\d+)", text)),
            tps=float(_told(r"tps = ([\d.]+)", text)),
            text=text,
        )

    def is_running(self) -> bool:
        """Whether its clients still write."""
        return self._process.poll() is None


def _told(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    assert match is not None, text
    return match.group(1)
