"""One link: from this site, its origin, to one other site, its target.

Positions decide everything: what is not in the position that the target holds is extracted in one
snapshot, piped to it, merged there, and the position moves in the same transaction. Whatever fails,
the link connects again, reads the position, and goes on from there.
"""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from itertools import chain

from bondreplicate.border.database import connect
from bondreplicate.border.failpoint import reach
from bondreplicate.border.settings import Settings
from bondreplicate.core.backoff import Backoff
from bondreplicate.core.news import News
from bondreplicate.core.redact import redact
from bondreplicate.errors import BondError, DatabaseError, TransientError
from bondreplicate.mesh.pulse import Pulse
from bondreplicate.mesh.refusal import check_link
from bondreplicate.mesh.unread import Unread
from bondreplicate.site.apply import Applied, Batch, Target
from bondreplicate.site.extract import Extractor, Unsent
from bondreplicate.site.fitness import check_peer, fetch_identity
from bondreplicate.site.hosts import Host
from bondreplicate.site.proof import Proof
from bondreplicate.site.prune import stamp_back
from bondreplicate.site.tables import Tables, fetch_tables

LOOK_AGAIN_S = 1.0
"""How soon a table is looked at again that somebody kept locked."""
IDLE_S = 10.0
"""How often a link that has nothing to send sees whether its target is still there."""
LOCKED = "55P03"
GAVE_WAY = frozenset({"40001", "40P01", LOCKED, "23505"})
"""Users were in the way: the session is whole, and the batch is tried again at once."""
TABLES_CHANGED = "BR035"
STAMPED_AHEAD = "BR020"
NOT_ALIKE = "the two sites do not say alike: the later change stays"
TRIES_MAX = 12
PATIENCE = 3
"""So many times a batch waits for a row that somebody holds; then that row waits alone."""
STUBBORN = 20
"""How much a batch has to fail, by errors that should go away by trying again (a try that users won
counts 1, another one 4), until rows with such errors wait without the rest of it: it may be a
function of a CHECK that raises them. So it stays while anything waits, which is tried each time."""
HOLD_EVERY = 3
"""Every third try that users won keeps them out for as long as it takes: hot rows would win for
ever."""

Report = Callable[..., None]


@dataclass
class Session:
    """What a link has while it is connected."""

    target: Target
    extractor: Extractor
    incarnation: str
    proof: Proof
    since: str | None
    tables: Tables
    unread: Unread
    news: News = field(default_factory=News)
    learned_s: float = 0.0
    tries: int = 0
    lost: int = 0
    locked: int = 0
    busy: bool = False
    reading: Sequence[int] = ()

    def knows(self, unsent: Unsent) -> bool:
        """Whether the tables are known of which there is something to send."""
        fresh = unsent.revision == self.tables.revision
        return fresh and all(tab in self.tables.shapes for tab in unsent.tabs)

    def prepared(self, tab: int) -> bool:
        """Whether both ends have their functions for a table, made for each other."""
        extracts = self.extractor.prepared(self.tables, self.target.mapped, tab)
        return extracts and self.target.prepared(tab)

    @property
    def look_again(self) -> bool:
        """Whether a table that could not be looked at may be free by now."""
        hidden = self.tables.hidden or self.target.tables.hidden
        return bool(hidden) and time.monotonic() - self.learned_s > LOOK_AGAIN_S

    def decide_due_s(self, unsent: Unsent) -> float | None:
        """In how many seconds a batch without rows is due; None: not before something happens."""
        news_s = self.news.decide_due_s(unsent.applied, time.monotonic())
        return min((s for s in (news_s, self.proof.decide_due_s()) if s is not None), default=None)

    @property
    def impatient(self) -> bool:
        """Whether rows that others keep locked are to wait without the rest of their batch."""
        return self.locked >= PATIENCE

    @property
    def hold(self) -> bool:
        """Whether the next try keeps writers out."""
        return self.lost % HOLD_EVERY == HOLD_EVERY - 1


class Link:
    """A thread that keeps one target up to date.

    Args:
        settings: of this site. peer: the target. pulse: wakes the link.
        report: logs an event with facts. warn: the same, for what is wrong. random: 0 to 1.
    """

    def __init__(
        self,
        settings: Settings,
        peer: Host,
        pulse: Pulse,
        report: Report,
        warn: Report,
        random: Callable[[], float],
    ) -> None:
        self.settings, self.peer, self.pulse = settings, peer, pulse
        self._report, self._warn, self._random = report, warn, random
        self._backoff = Backoff(0.1, 5, random)
        self._failures = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"link-{peer.site}", daemon=True)
        self.name = f"{settings.site}->{peer.site}"

    def start(self) -> None:
        """Begin to replicate."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the batch that is under way, if it ends soon, and end."""
        self._stop.set()

    def is_alive(self) -> bool:
        """Whether it may still send."""
        return self._thread.is_alive()

    def join(self, timeout_s: float) -> None:
        """Wait for the end."""
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                with ExitStack() as stack:
                    session = self._connect(stack)
                    self._report("link_connected", link=self.name)
                    self._serve(session)
            except TransientError as error:
                self._failed("link_interrupted", error)
            except BondError as error:
                if error.sqlstate == STAMPED_AHEAD:
                    self._stamp_back()
                self._failed("link_held", error)
            except Exception as error:  # noqa: BLE001 - a bug must not end a link in silence
                bug = "".join(traceback.format_exception(error)).strip()
                self._failed("link_failed", BondError(redact(bug), hint="this is a bug"))

    def _stamp_back(self) -> None:
        """Let the target take what it refused, where the clock was ahead and is right again."""
        try:
            with connect(self.settings.dsn, role=f"extract {self.name}") as here:
                done = stamp_back(here, self.settings.clock_ahead_max_s)
        except BondError as error:
            self._warn("clock_not_mended", link=self.name, reason=redact(error.message))
        else:
            if done:
                self._warn("clock_was_ahead", link=self.name, stamped_anew=done)

    def _failed(self, event: str, error: BondError) -> None:
        facts = {"reason": redact(error.message), "hint": error.hint, "sqlstate": error.sqlstate}
        wait_s = self._backoff.next_s()
        self._warn(event, link=self.name, **facts, wait_s=round(wait_s, 2))
        self._stop.wait(wait_s)

    def _connect(self, stack: ExitStack) -> Session:
        """Connect to both ends and check that each is who it should be."""
        here = stack.enter_context(connect(self.settings.dsn, role=f"extract {self.name}"))
        there = stack.enter_context(connect(self.peer.dsn, role=f"apply {self.name}"))
        if not check_peer(there, self.peer, fetch_identity(here)):
            raise TransientError(
                f"{self.peer} has not been started yet", hint="run bondreplicate there"
            )
        target = Target(there, self.settings, self.settings.site)
        state, held = check_link(here, self.peer, target)
        extractor = Extractor(here, self.settings.site)
        proof = Proof(here, self.peer.site, state.proof_token, held.proof)
        warn = partial(self._warn, link=self.name)
        unread = Unread(extractor, self.peer.site, held.position, warn, self._random)
        session = Session(
            target, extractor, str(state.incarnation), proof, held.position, Tables(-1), unread
        )
        self._learn(session)
        session.news.parked = int(held.parked)
        return session

    def _serve(self, session: Session) -> None:
        beats = self.pulse.wait(-1, 0)
        while not self._stop.is_set():
            try:
                due_s = self._look_and_send(session)
                session.tries = session.lost = session.locked = 0
                wait_s = session.unread.wait_s(IDLE_S if due_s is None else due_s)
                beat = self.pulse.wait(beats, wait_s)
                if beat == beats and due_s is None:
                    self._see_target(session)
                beats = beat
            except DatabaseError as error:
                if session.tries >= TRIES_MAX:
                    raise
                if error.sqlstate in GAVE_WAY:
                    self._give_way(session, error)
                elif error.sqlstate == TABLES_CHANGED:
                    session.tries += 1
                    self._learn(session)
                elif isinstance(error, TransientError) or not self._find_unread(session):
                    raise

    def _find_unread(self, session: Session) -> bool:
        """Whether it was a table that cannot be read; it is passed over from now on."""
        tabs, session.reading = session.reading, ()
        session.tries += 1
        return session.unread.find(tabs, session.since)

    def _give_way(self, session: Session, error: DatabaseError) -> None:
        """Let users go first for some milliseconds; said at the 1st, 2nd, 4th, 8th time."""
        # Where somebody holds a row and does nothing, to keep others out would only make them wait.
        session.lost += error.sqlstate != LOCKED or session.hold
        session.locked += error.sqlstate == LOCKED
        session.tries += 1
        wait_s = Backoff(0.002, 0.2, self._random, session.tries).next_s()
        if session.tries.bit_count() == 1:
            facts = {"tries": session.tries, "sqlstate": error.sqlstate}
            self._report("batch_gave_way", link=self.name, reason=error.message, **facts)
        self._stop.wait(wait_s)

    def _see_target(self, session: Session) -> None:
        """Whether the target is still there, and its tables are what they were."""
        if session.target.fetch_held().revision != session.target.tables.revision:
            self._learn(session)

    def _learn(self, session: Session) -> None:
        session.tables = fetch_tables(session.extractor.connection)
        session.target.learn(session.tables)
        self._make_up(session)
        session.extractor.send_again(session.tables, session.target.fetch_outdated())
        for table in session.target.unused_policies(session.tables):
            self._warn("policy_not_used", link=self.name, table=table, reason=NOT_ALIKE)
        session.learned_s = time.monotonic()

    def _make_up(self, session: Session) -> None:
        """Send every row of tables that the target had disabled."""
        lacking = session.target.fetch_lacking()
        tabs = session.target.mapped
        session.extractor.make_up(session.tables, tabs, self.peer.site, lacking)
        sent = {shape.name for tab, shape in session.tables.shapes.items() if tab in tabs}
        session.target.note_made_up(name for name in lacking if name in sent)

    def _look_and_send(self, session: Session) -> float | None:
        """Send what there is, if anything, or news of positions where they are owed.

        Returns:
            In how many seconds to look again even if nothing is committed; None: no need to.
        """
        session.unread.retry(session.tables, session.target.mapped)
        if session.busy:
            session.busy = self._send(session)
            if session.busy:
                return 0.0
        unsent = session.extractor.look(session.since)
        if not session.knows(unsent) or session.look_again:
            self._learn(session)
            self._refuse_unknown(session, unsent)
        if unsent.something:
            self._prepare(session, unsent)
            session.busy = self._send(session)
            self._backoff.reset()
            return 0.0
        due_s = session.decide_due_s(unsent)
        if due_s == 0.0:
            self._tell(session, unsent)
            due_s = session.decide_due_s(unsent)
        self._backoff.reset()
        return due_s

    def _refuse_unknown(self, session: Session, unsent: Unsent) -> None:
        """Stop before entries of a table that cannot be read are passed over."""
        unknown = [tab for tab in unsent.tabs if tab not in session.tables.shapes]
        if unknown and unsent.revision == session.tables.revision:
            raise DatabaseError(
                f"changes of the tables {unknown} of replicate_tables cannot be read",
                hint="the daemon looks at the tables of this site again within a second or two",
            )

    def _prepare(self, session: Session, unsent: Unsent) -> None:
        session.target.prepare(unsent.tabs)
        session.extractor.prepare(session.tables, session.target.mapped, unsent.tabs)
        if session.news.parked:
            session.target.prepare_parked()

    def _send(self, session: Session) -> bool:
        """Extract in one snapshot and pipe it to the target, if both know the tables.

        Returns:
            Whether a batch was applied.
        """
        started_s = time.monotonic()
        with ExitStack() as there:
            with session.extractor.snapshot():
                unsent = session.extractor.look(session.since)
                mapped = session.target.mapped
                tabs = [t for t in unsent.tabs if t in mapped and t not in session.unread.tabs]
                if not session.knows(unsent) or not all(session.prepared(t) for t in tabs):
                    # Another table since we looked. Passing over its entries would lose them.
                    return False
                if not unsent.something:
                    return False
                if tabs or unsent.errors:
                    reach("extract_begun")
                    session.reading = tabs
                    with session.extractor.copy_out(session.since, tabs, unsent) as copy:
                        blocks = iter(copy)
                        first = next(blocks, None)
                        # Not before there is something for it: a large extraction takes minutes.
                        there.enter_context(session.target.transaction())
                        session.target.stage(chain(() if first is None else (first,), blocks))
                    session.reading = ()
                else:
                    there.enter_context(session.target.transaction())
            session.extractor.pass_over(set(unsent.tabs) - set(mapped), self.peer.site)
            # The origin's snapshot is let go before the target merges: while it is held, users'
            # updates there leave versions behind that cannot be pruned.
            session.proof.renew()
            session.extractor.flush(unsent)
            applied = self._merge(session, unsent)
        self._note(session, unsent, applied)
        self._report(
            "batch_applied",
            link=self.name,
            rows=applied.rows_applied,
            conflicts=applied.conflicts,
            parked=applied.parked,
            seconds=round(time.monotonic() - started_s, 4),
        )
        return True

    def _tell(self, session: Session, unsent: Unsent) -> None:
        """Send a batch without rows: positions; parked changes are tried again with it."""
        if session.news.parked:
            session.target.prepare_parked()
        session.proof.renew()
        session.extractor.flush(unsent)
        with session.target.transaction():
            applied = self._merge(session, unsent)
        reach("news_told")
        self._note(session, unsent, applied)

    def _merge(self, session: Session, unsent: Unsent) -> Applied:
        try:
            applied = session.target.merge(self._batch(session, unsent))
        except DatabaseError as error:
            if error.sqlstate and not error.sqlstate.startswith("BR"):
                self._failures += 1 if error.sqlstate in GAVE_WAY else 4
            raise
        if self._failures < STUBBORN or not applied.parked:
            self._failures = 0
        return applied

    def _batch(self, session: Session, unsent: Unsent) -> Batch:
        return Batch(
            self.settings.site,
            session.incarnation,
            session.since,
            unsent.upto,
            unsent.vector,
            unsent.entries,
            unsent.aside,
            session.hold and not session.impatient,
            session.impatient,
            self._failures >= STUBBORN,
            session.proof.token,
            session.proof.held,
        )

    def _note(self, session: Session, unsent: Unsent, applied: Applied) -> None:
        """A batch was committed at the target."""
        session.since = unsent.upto
        session.proof.note(something=unsent.something)
        session.news.note(unsent.applied, applied.parked, time.monotonic())
