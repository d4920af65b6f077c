"""The daemon of a site: makes the database fit, runs links to all enabled sites, keeps house."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field

import structlog

from bondreplicate.border.database import (
    MUTED,
    Connection,
    cancel,
    connect,
    execute,
    rows,
    set_session,
    value,
)
from bondreplicate.border.failpoint import reach
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.backoff import Backoff
from bondreplicate.core.trouble import Told, What
from bondreplicate.errors import DatabaseError, MeshError, TransientError
from bondreplicate.mesh.joining import align_at_start, check_welcome
from bondreplicate.mesh.link import Link
from bondreplicate.mesh.pulse import Pulse
from bondreplicate.site.fitness import check_fit, check_server
from bondreplicate.site.follow import follow_tables
from bondreplicate.site.hosts import Host, list_hosts, list_peers
from bondreplicate.site.left import Left
from bondreplicate.site.lineage import warn_of_rows
from bondreplicate.site.prune import keep_clock, rotate
from bondreplicate.site.retention import Retention
from bondreplicate.site.schema import install
from bondreplicate.site.sequences import align_sequences, check_owners
from bondreplicate.site.state import Start, decide_start, fetch_state, take_identity

log = structlog.get_logger()
SEQUENCES_EVERY_S = 2.0
BUSY, BUSY_S, PAUSE_S = "table_busy", 10, 0.2
CUT_SHORT_S = 3.0
"""How long a statement may still take once the daemon is to end."""


def init(settings: Settings, *, grow: bool = False) -> None:
    """Install at this site what the first `run` installs, and end.

    Args:
        settings: of this site.
        grow: whether maxsites may become more than it was, for good. No daemon may run then: it
            would align the sequences back to what it was told.

    Raises:
        BondError: the database does not fit, or is not the site that the configuration says.
    """
    with connect(settings.dsn, role="init") as connection:
        if grow and not value(connection, query("daemon_lock")):
            raise MeshError(
                "bondreplicate runs at this site, with the maxsites that it began with",
                hint="stop it, then `bondreplicate init --grow`",
            )
        set_up(connection, settings, grow=grow)


def set_up(
    connection: Connection, settings: Settings, *, grow: bool = False, told: Told | None = None
) -> None:
    """Structure, identity, capture triggers, sequences: whatever is not there yet.

    `told` remembers what was said of tables.
    """
    check_server(connection, "this site")
    set_session(connection, MUTED)
    install(connection)
    reach("installed")
    check_fit(connection, settings, grow=grow)
    if fetch_state(connection).site != settings.site:
        check_welcome(connection, settings)
    was = fetch_state(connection)
    if (was.site, was.maxsites) != (settings.site, settings.maxsites):
        # Nothing runs yet. Later, one new sequence of somebody else is passed over.
        check_owners(connection, settings.site, settings.maxsites)
    execute(connection, query("house_wait"))
    start, before = take_identity(connection, settings)
    reach("identity_taken")
    resumed = before.went_down_at is not None and start is Start.AGAIN
    log.info("site_started", site=settings.site, start=start.value)
    if start is not Start.AGAIN:
        _follow_at_start(connection, told or Told())
    else:
        _follow(connection, told or Told(), first=False)
    reach("tables_followed")
    if start is Start.FIRST:
        peers = [peer.site for peer in list_peers(connection, settings.site)]
        warn_of_rows(connection, peers, log.warning)
    if resumed and before.went_down_at:
        execute(connection, query("state_up_again"))
        log.warning(
            "writes_were_not_captured",
            since=str(before.went_down_at),
            hint="rows deleted here meanwhile are not known: run bondreplicate verify",
        )
    grown = before.maxsites not in (None, settings.maxsites)
    joining = start is Start.COPY or grown
    anew = joining or start is Start.FIRST or resumed
    align_at_start(connection, settings, joining=joining, anew=anew, report=log.warning)
    execute(connection, query("house_unlock"))


def _follow_at_start(connection: Connection, told: Told) -> None:
    """Follow tables for the first time, and wait for those that are locked.

    Where one is captured later every row of it is sent, since nobody knows what was written to it
    meanwhile: for a large table, and for one that only autovacuum held, that is much ado.
    """
    deadline_s = time.monotonic() + BUSY_S
    while True:
        busy = [table for event, table in _follow(connection, told, first=True) if event == BUSY]
        if not busy:
            return
        if time.monotonic() > deadline_s:
            break
        time.sleep(PAUSE_S)
    for table in busy:
        hint = "it is captured as soon as nobody locks it, and then every row of it is sent"
        log.warning("table_not_captured_yet", table=table, reason="it is locked", hint=hint)


def _follow(
    connection: Connection,
    told: Told,
    *,
    first: bool,
    served: Sequence[int] = (),
    align: Callable[[], None] = lambda: None,
) -> Mapping[What, str]:
    """Follow tables; what fails is tried at every round, and said once until it changes.

    Returns:
        What is left to be done, by event and table, and why.
    """
    failed: dict[What, str] = {}
    facts_of: dict[What, dict[str, object]] = {}

    def report(event: str, **facts: object) -> None:
        if event == "capture_was_interrupted":
            log.warning(event, **facts)
        elif event in ("table_failed", BUSY):
            what = event, str(facts["table"])
            failed[what], facts_of[what] = str(facts["reason"]), facts
        else:
            log.info(event, **facts)

    follow_tables(connection, first=first, report=report, served=served, align=align)
    for what in told.note(failed):
        tell = log.warning if what[0] == "table_failed" else log.info
        tell(what[0], **facts_of[what])
    return failed


def run(settings: Settings) -> None:
    """Replicate until SIGINT or SIGTERM.

    Prints `main loop` on standard output when links are started. A second daemon for the same site
    waits until the first has ended.

    Raises:
        BondError: as init().
    """
    daemon = Daemon(settings, threading.Event())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: daemon.end())
    daemon.run()
    log.info("site_stopped", site=settings.site)


@dataclass
class Daemon:
    """The main thread.

    Its one connection holds the site's advisory lock, and does the housekeeping.
    """

    settings: Settings
    stop: threading.Event
    links: dict[Host, Link] = field(default_factory=dict)
    stopping: list[Link] = field(default_factory=list)
    listed: set[int] = field(default_factory=set)
    digest: object = None
    snapshot: object = None
    announced: bool = False
    tables_told: Told = field(default_factory=Told)
    sequences_told: Told = field(default_factory=Told)
    connection: Connection | None = None

    def end(self) -> None:
        """Stop serving; a statement that waits for somebody is ended soon."""
        if not self.stop.is_set():
            self.stop.set()
            timer = threading.Timer(CUT_SHORT_S, self._cut_short)
            timer.daemon = True
            timer.start()

    def _cut_short(self) -> None:
        if self.connection is not None:
            cancel(self.connection)

    def run(self) -> None:
        """Serve until stopped, again and again where the connection is lost."""
        backoff = Backoff(0.2, 5, random.random)
        served = False
        while not self.stop.is_set():
            try:
                with ExitStack() as stack:
                    self._serve(stack, backoff)
                    served = True
            except TransientError as error:
                if self.stop.is_set():
                    break
                if not (served or self.announced):
                    raise
                log.warning("site_interrupted", reason=error.message, hint=error.hint)
                self.stop.wait(backoff.next_s())

    def _serve(self, stack: ExitStack, backoff: Backoff) -> None:
        connection = stack.enter_context(connect(self.settings.dsn, role="daemon"))
        self.connection = connection
        check_server(connection, "this site")
        if not self._become_active(connection):
            return
        set_up(connection, self.settings, told=self.tables_told)
        self._keep_clock(connection)
        pulse = Pulse(self.settings, random.random)
        pulse.start()
        stack.callback(self._stop_links, pulse)
        self._follow_hosts(connection, pulse)
        if not self.announced:
            print("main loop", flush=True)
            self.announced = True
        next_sequences_s, sequences_due = 0.0, True
        left = Left(self.settings)
        retention = Retention(self.settings.conflicts_keep_days)
        while not self.stop.is_set():
            happened = self._look(connection)
            sequences_now = sequences_due and time.monotonic() >= next_sequences_s
            if (happened or sequences_now) and value(connection, query("house_lock")):
                if happened:
                    self._keep_house(connection, pulse)
                    sequences_due = not self.stop.is_set()
                if sequences_due and time.monotonic() >= next_sequences_s:
                    self._align_sequences(connection)
                    next_sequences_s = time.monotonic() + SEQUENCES_EVERY_S
                    sequences_due = False
                execute(connection, query("house_unlock"))
            self._retry_left(connection, left)
            self._purge_conflicts(connection, retention)
            backoff.reset()
            self.stop.wait(self.settings.tables_every_s)

    def _align_sequences(self, connection: Connection) -> None:
        """Align what is not aligned; what needs somebody is said once until it changes."""
        reports = align_sequences(connection, self.settings.site, self.settings.maxsites)
        unable = {(r.schema, r.name): r for r in reports if r.state in ("forbidden", "impossible")}
        trouble = {name: str(report.reason) for name, report in unable.items()}
        for name in self.sequences_told.note(trouble):
            report = unable[name]
            log.warning("sequence_warning", reason=report.warning, hint=report.hint)

    def _look(self, connection: Connection) -> bool:
        """Whether there may be housework: something was committed, or something was left to do."""
        [now] = rows(connection, query("house_look"))
        quiet = now.snapshot == self.snapshot and self.digest is not None
        self.snapshot = now.snapshot
        return not quiet or now.entries

    def _become_active(self, connection: Connection) -> bool:
        """Take the site's lock; where another daemon has it, wait as a standby.

        Raises:
            BondError: this database is not the site that the configuration says.
        """
        told = False
        while not self.stop.is_set():
            if value(connection, query("daemon_lock")):
                return True
            if not told:
                # One that could never take over must not wait for ever.
                check_fit(connection, self.settings)
                decide_start(fetch_state(connection), self.settings.site)
                log.warning("standby", site=self.settings.site, reason="another daemon serves it")
                told = True
            self.stop.wait(0.5)
        return False

    def _keep_house(self, connection: Connection, pulse: Pulse) -> None:
        """What is to be done every second or so; each part is cheap where nothing has changed."""
        try:
            self._follow_hosts(connection, pulse)
            if fetch_state(connection).went_down_at is not None:
                log.warning("replication_is_down", hint="start bondreplicate to take it up again")
                self.stop.set()
                return
            self._follow_tables(connection, pulse)
            self._keep_clock(connection)
            rotate(connection, self._served())
            reach("house_kept")
        except TransientError as error:
            if error.sqlstate is None:
                raise
            log.info("house_keeping_put_off", reason=error.message)
        except DatabaseError as error:
            # One object that cannot be seen to must not end what serves all others.
            log.error("house_keeping_failed", reason=error.message, hint=error.hint)

    def _purge_conflicts(self, connection: Connection, retention: Retention) -> None:
        """Also where nothing is committed: conflicts grow old by themselves."""
        try:
            if purged := retention.purge(connection, time.monotonic()):
                log.info("conflicts_purged", conflicts=purged, keep_days=retention.keep_days)
        except DatabaseError as error:
            if error.sqlstate is None:
                raise
            log.warning("conflicts_not_purged", reason=error.message)

    def _retry_left(self, connection: Connection, left: Left) -> None:
        try:
            if taken := left.retry(connection, time.monotonic()):
                log.warning("changes_taken_over", entries=taken, reason="their site has left")
        except DatabaseError as error:
            if error.sqlstate is None:
                raise
            log.info("parked_put_off", reason=error.message)

    def _keep_clock(self, connection: Connection) -> None:
        if mended := keep_clock(connection):
            log.warning(
                "clock_went_back",
                stamped_anew=mended,
                hint="keep the clock by small corrections (chrony, ntpd), not by steps",
            )

    def _follow_tables(self, connection: Connection, pulse: Pulse) -> None:
        # Before the look: what is written after this moment, and not captured, is found by it.
        [now] = rows(connection, query("watch_now"))
        digest = value(connection, query("tables_digest"))
        watched = {"stamp": now.stamp, "xid": now.xid}
        if digest == self.digest:
            execute(connection, query("tables_watched"), watched)
            return
        left = _follow(
            connection,
            self.tables_told,
            first=False,
            served=self._served(),
            align=lambda: self._align_sequences(connection),
        )
        pulse.beat()
        if not left:
            execute(connection, query("tables_watched"), watched)
        # As it was before: what came while tables were followed is looked at the next time.
        self.digest = None if left else digest

    def _follow_hosts(self, connection: Connection, pulse: Pulse) -> None:
        listed = list_hosts(connection)
        peers = [h for h in listed if h.enabled and h.site != self.settings.site]
        if {h.site for h in listed} != self.listed:
            if taken := value(connection, query("take_over")):
                log.warning("changes_taken_over", entries=taken, reason="their site has left")
            self.listed = {h.site for h in listed}
        wanted = {h: h for h in peers}
        for host in [h for h in self.links if h not in wanted]:
            self.links[host].stop()
            self.stopping.append(self.links.pop(host))
        for host in wanted:
            if host not in self.links:
                link = Link(self.settings, host, pulse, log.info, log.warning, random.random)
                self.links[host] = link
                execute(connection, query("position_ensure"), {"site": host.site})
                link.start()

    def _served(self) -> list[int]:
        """Sites that links send to: what they need must not be forgotten under them."""
        self.stopping = [link for link in self.stopping if link.is_alive()]
        return [link.peer.site for link in (*self.links.values(), *self.stopping)]

    def _stop_links(self, pulse: Pulse) -> None:
        for link in self.links.values():
            link.stop()
        pulse.stop()
        deadline = time.monotonic() + 10
        for link in (*self.links.values(), *self.stopping):
            link.join(max(0.0, deadline - time.monotonic()))
        self.links.clear()
