"""Plays a history on real sites, step by step, and writes down what was committed and seen.

A step is a list that begins with a word: see `Player.play`. Steps hold no decision that depends on
the sites, so that the same list is the same history, but for what is refused at a site.
"""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator, Sequence
from typing import Any

import psycopg

from tests.kit import Mesh, Site, eventually, pause
from tests.kit.proxy import LostAnswer
from tests.random.merging import say
from tests.random.predictor import History
from tests.random.recorder import INSERTED, LOGGED, Counts, Recorder
from tests.random.tables import Schema
from tests.scenarios.cases import ACTIVE_IN
from tests.scenarios.steps import PARKED, UNSENT

Step = list[Any]

PATIENCE_S = 60
WRITING = (
    "select count(*) from pg_stat_activity where datname = current_database()"
    " and application_name like 'bondreplicate%' and (backend_xid is not null"
    " or application_name like '%apply%' and xact_start is not null)"
)
POSITIONS = "select site, position::text from bondreplicate.replicate_position"
# What a server may answer without any replication: constraints, waits, and with a snapshot held
# for a whole transaction, that somebody was faster.
REFUSALS = ("21000", "55006", "27000", "40001", "42P10", "55P03", "57014")


class Player:
    """One history on a mesh with proxies, in a database schema of its own."""

    def __init__(self, mesh: Mesh, schema: Schema, name: str, *, every_s: float = 0.15) -> None:
        self.mesh, self.schema, self.name = mesh, schema, name
        self.recorder = Recorder(schema)
        self.is_frozen = False
        self.parted: set[tuple[int, int]] = set()
        self.told: list[str] = []
        self.stepped = False
        self.orphans: list[Any] = []
        self._every_s = every_s
        self._ended = threading.Event()
        self._watch = threading.Thread(target=self._look_for_orphans, daemon=True)
        self.sessions: dict[int, psycopg.Connection] = {}

    @property
    def history(self) -> History:
        """What was committed and seen."""
        return self.recorder.history

    # -- begin and end -----------------------------------------------------------------------

    def begin(self) -> None:
        """Make the tables everywhere, and wait until they are replicated."""
        made = f"create schema {self.name}; set search_path = {self.name}; {self.schema.ddl()}"
        for site in self.mesh:
            self.sessions[site.number] = session = self._connect(site)
            session.execute((made + self.schema.audit_ddl()).encode())
        for site in self.mesh:
            eventually(
                lambda site=site: (
                    self._value(site, ACTIVE_IN, [[self.name]]) == len(self.schema.tables)
                ),
                f"{site} replicates the tables",
                PATIENCE_S,
            )
        say(self.mesh, self.sessions, self.schema, self.name)
        self._watch.start()

    def _connect(self, site: Site) -> psycopg.Connection:
        session = psycopg.connect(site.dsn, autocommit=True)
        session.execute(f"set search_path = {self.name}".encode())
        session.execute("set lock_timeout = '3s'; set statement_timeout = '20s'")
        return session

    def _value(self, site: Site, query: str, args: Any = None) -> Any:
        [(value,)] = self.sessions[site.number].execute(query.encode(), args).fetchall()
        return value

    def heal(self) -> None:
        """End every fault."""
        for proxy in self.mesh.proxies.values():
            proxy.lost_answer = None
        self.parted.clear()
        if any(site.database.cluster.clock for site in self.mesh):
            for site in self.mesh:
                self._set_clock(site, "+0")
        self._thaw()

    def end(self) -> None:
        """Drop the tables."""
        self._ended.set()
        if self._watch.is_alive():
            self._watch.join(30)
        for session in self.sessions.values():
            with contextlib.suppress(psycopg.Error):
                session.execute(f"drop schema if exists {self.name} cascade".encode())
            session.close()

    def _look_for_orphans(self) -> None:
        query = self.schema.orphans_sql().encode()
        with contextlib.ExitStack() as stack:
            sessions = [stack.enter_context(self._connect(site)) for site in self.mesh]
            while not self._ended.wait(self._every_s):
                for site, session in zip(self.mesh, sessions, strict=True):
                    with contextlib.suppress(psycopg.Error):
                        found = session.execute(query).fetchall()
                        self.orphans += [(site.number, *row) for row in found if row[1]]

    # -- steps -------------------------------------------------------------------------------

    def play(self, step: Step) -> None:
        """Do one step: its first word is the name of a method below."""
        what, *args = step
        self.told.append(f"{len(self.told):3}  {what} {args}")
        getattr(self, f"do_{what}")(*args)

    def note(self, text: str) -> None:
        """Say what came of the step."""
        self.told.append(f"       {text}")

    def do_write(self, number: int, guarded: bool, statements: Sequence[str]) -> None:
        """A transaction at a site; guarded: each statement that is refused is taken back alone.

        While links are at work, it sees one snapshot, so that what it saw is known.
        """
        session = self.sessions[number]
        isolation = "read committed" if self.is_frozen else "repeatable read"
        try:
            with session.transaction():
                session.execute(f"set transaction isolation level {isolation}".encode())
                before, had = self.rows(number), self.counts(number)
                positions = dict(session.execute(POSITIONS).fetchall())
                for statement in statements:
                    self._run(session, statement, guarded)
                after, has = self.rows(number), self.counts(number)
                logged = session.execute(LOGGED).fetchall()
                inserted = session.execute(INSERTED).fetchall()
        except psycopg.Error as error:
            self._judge(error)
            return
        counts = Counts(had, has, {(table, tuple(vals)) for table, vals in inserted})
        self.told += self.recorder.record(number, before, after, positions, logged, counts)

    def _run(self, session: psycopg.Connection, statement: str, guarded: bool) -> None:
        if not guarded:
            session.execute(statement.encode())
            return
        try:
            with session.transaction():
                session.execute(statement.encode())
        except psycopg.Error as error:
            self._judge(error)

    def _judge(self, error: psycopg.Error) -> None:
        state = error.sqlstate or ""
        self.note(f"refused: {state} {str(error).splitlines()[0]}")
        if state[:2] != "23" and state not in REFUSALS:
            raise AssertionError(f"the application noticed: {state} {error}")

    def rows(self, number: int) -> dict[Any, Any]:
        """All rows of a site, by table and key."""
        found = self.sessions[number].execute(self.schema.rows_sql().encode())
        return {(table, tuple(key)): tuple(vals) for table, key, vals in found}

    def counts(self, number: int) -> dict[Any, int]:
        """All counters of a site, by table and key."""
        found = self.sessions[number].execute(self.schema.counts_sql().encode())
        return {(table, tuple(key)): value for table, key, value in found}

    def do_pause(self, ms: int) -> None:
        """Let links work."""
        pause(ms / 1000)

    def do_freeze(self) -> None:
        """No daemon does anything any more; none holds what users would wait for."""

        def is_still() -> bool:
            for site in self.mesh:
                if site.is_running():
                    site.daemon.send_signal(signal.SIGSTOP)
            if not any(self._value(site, WRITING) for site in self.mesh):
                return True
            self._continue()
            return False

        eventually(is_still, "the daemons stand still outside of transactions", PATIENCE_S)
        self.is_frozen = True

    def _continue(self) -> None:
        for site in self.mesh:
            if site.is_running():
                site.daemon.send_signal(signal.SIGCONT)

    def do_thaw(self) -> None:
        """Links work, but for those that are parted."""
        self._thaw()

    def _thaw(self, flowing: set[tuple[int, int]] | None = None) -> None:
        for link, proxy in self.mesh.proxies.items():
            if link in self.parted or (flowing is not None and link not in flowing):
                proxy.flows.clear()
            else:
                proxy.flows.set()
        self._revive()
        self._continue()
        self.is_frozen = False

    def _revive(self) -> bool:
        """Start what has died; always true."""
        for site in self.mesh:
            if not site.is_running():
                status = site.daemon.returncode
                assert status == -signal.SIGKILL, f"{site}: status {status}\n{site.story()}"
                site.start_daemon(wait=False)
        return True

    def do_part(self, *link: int) -> None:
        """Hold back what a link sends, as a pulled cable does; outside of transactions."""
        was_frozen = self.is_frozen
        self.do_freeze()
        self.parted.add((link[0], link[1]))
        if not was_frozen:
            self._thaw()

    def do_join(self, *link: int) -> None:
        """Open a link again."""
        self.parted.discard((link[0], link[1]))
        if not self.is_frozen:
            self._thaw()

    def do_cut(self, *link: int) -> None:
        """Close the connections of a link, wherever they stand."""
        self.note(f"{self.mesh.proxies[link[0], link[1]].cut()} connections")

    def do_lose(self, *link: int) -> None:
        """The answer to the next COMMIT of a link is lost."""
        self.mesh.proxies[link[0], link[1]].lost_answer = LostAnswer(b"COMMIT", False, 1)

    def do_deliver(self, order: Sequence[Sequence[int]]) -> None:
        """Open links one by one; each delivers all that its origin has. Then all stand still."""
        self.do_freeze()
        held, self.parted = self.parted, set()
        try:
            self._thaw(flowing=set())
            for link in order:
                self.mesh.proxies[link[0], link[1]].flows.set()
                self._wait_delivered(link[0], link[1])
        finally:
            self.parted = held
        self.do_freeze()

    def _wait_delivered(self, origin: int, target: int) -> None:
        def is_delivered() -> bool:
            self._revive()
            position = dict(self.sessions[target].execute(POSITIONS).fetchall()).get(origin)
            return self._value(self.mesh[origin], UNSENT, [origin, position]) == 0

        eventually(is_delivered, f"{target} has all of {origin}", PATIENCE_S)

    def do_kill(self, number: int, failpoint: str | None) -> None:
        """Kill a daemon; the next one kills itself where it comes to a fail point."""
        site = self.mesh[number]
        site.end()
        site.start_daemon(wait=False, failpoint=failpoint)
        if self.is_frozen:
            self._thaw(flowing=set())
            self.do_freeze()

    def do_again(self, origin: int, target: int) -> None:
        """Deliver a link, forget at the target that it was delivered, deliver again.

        Nobody else is at work, so that both sites still remember all that is needed.
        """
        self.do_freeze()
        at_target = self.sessions[target]
        position = dict(at_target.execute(POSITIONS).fetchall()).get(origin)
        if position is None:
            return
        for turn in range(2):
            self.mesh.proxies[origin, target].flows.set()
            if turn:
                self.mesh[origin].end()
                at_target.execute(
                    "update bondreplicate.replicate_position set position = %s::pg_snapshot"
                    " where site = %s",
                    [position, origin],
                )
                self.mesh[origin].start_daemon(wait=False)
            elif self.mesh[origin].is_running():
                self.mesh[origin].daemon.send_signal(signal.SIGCONT)
            self._wait_delivered_alone(origin, target)
            self.do_freeze()

    def _wait_delivered_alone(self, origin: int, target: int) -> None:
        """As `_wait_delivered`, with the other daemons standing still."""
        site = self.mesh[origin]

        def is_delivered() -> bool:
            if not site.is_running():
                site.start_daemon(wait=False)
            position = dict(self.sessions[target].execute(POSITIONS).fetchall()).get(origin)
            return self._value(site, UNSENT, [origin, position]) == 0

        for link, proxy in self.mesh.proxies.items():
            if link == (origin, target):
                proxy.flows.set()
            else:
                proxy.flows.clear()
        eventually(is_delivered, f"{target} has all of {origin}", PATIENCE_S)

    def do_clock(self, number: int, offset: str) -> None:
        """Set the clock of a server."""
        self.stepped = True
        self._set_clock(self.mesh[number], offset)

    def _set_clock(self, site: Site, offset: str) -> None:
        clock = site.database.cluster.clock
        assert clock is not None, "made without clocks"
        clock.set(offset)

    # -- the end -----------------------------------------------------------------------------

    def settle(self) -> None:
        """Nothing is kept for another site, and nothing waits to be applied, at looks in a row."""
        looks = 0

        def is_settled() -> bool:
            nonlocal looks
            self._revive()
            for site in self.mesh:
                kept = self._value(site, "select count(*) from bondreplicate.replicate_log")
                parked = self._value(site, PARKED)
                if kept or parked:
                    looks = 0
                    raise AssertionError(f"{site}: {kept} entries kept, {parked} parked")
            looks += 1
            return looks >= 4

        eventually(is_settled, "everything is everywhere", PATIENCE_S, every_s=0.05)

    def audited(self, number: int) -> Iterator[tuple[str, Any, int]]:
        """Table, row, and in how many transactions the row was written at a site."""
        query = "select tab, vals, count(distinct xid) from audit group by tab, vals"
        for table, vals, times in self.sessions[number].execute(query).fetchall():
            yield table, tuple(vals), times
