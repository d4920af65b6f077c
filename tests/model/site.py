"""One site: what it stores, what its users see, what it remembers, and its clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from tests.model.aside import forget_aside, lay_aside, merge
from tests.model.ledger import Ledger
from tests.model.mend import give_up, mend
from tests.model.project import project
from tests.model.rules import Rules
from tests.model.schema import Key, Row, Schema
from tests.model.versions import NOTHING, Seen, State, Truncate, Version, knew


@dataclass(frozen=True)
class Batch:
    """Current states of what changed at the origin between two of its transactions."""

    origin: int
    since: int
    upto: int
    states: Sequence[State]
    truncates: Sequence[Truncate]
    seen: Seen


def accept_all(_key: Key, _row: Row) -> bool:
    """A site whose tables refuse nothing that others accept."""
    return False


class Site:
    """A master.

    Attributes:
        store: the latest state of each key that has arrived, deleted ones until forgotten.
        shown: the rows that users see; always whole. A key whose stored row is not the one
            shown is *parked*.
        replaced: rows that the batch at hand has removed or changed, shown or not.
        shows: by key, the write whose result is shown, for the ledger.
        cleared: by table, the latest TRUNCATE applied here, for the ledger.
        last: number of the latest transaction here. Applying a batch is one too.
        made: by key, the latest transaction here that a user or a repair wrote it in.
        written: by key, the latest transaction here that changed its stored state.
        heard: by peer, what that had seen when it cut its latest batch that arrived.
        held: tables that do not take changes of others now.
        aside: see tests/model/aside.py.
        refuses: what a CHECK refuses here and nowhere else.
    """

    def __init__(self, number: int, schema: Schema, rules: Rules, ledger: Ledger) -> None:
        self.number, self.schema, self.rules, self.ledger = number, schema, rules, ledger
        self.store: dict[Key, State] = {}
        self.shown: dict[Key, Row] = {}
        self.shows: dict[Key, int] = {}
        self.held: set[str] = set()
        self.aside: dict[tuple[int, Key], State] = {}
        self.aside_truncates: dict[int, list[Truncate]] = {}
        self.replaced: dict[Key, State] = {}
        self.truncates: dict[str, list[Truncate]] = {name: [] for name in schema.tables}
        self.cleared: dict[str, int] = {}
        self.made: dict[Key, int] = {}
        self.written: dict[Key, int] = {}
        self.last = self.floor = self.skew = 0
        self.peers: set[int] = set()
        self.position: dict[int, int] = {}
        self.heard: dict[int, Seen] = {}
        self.refuses: Callable[[Key, Row], bool] = accept_all

    # -- what is here

    def parked(self) -> frozenset[Key]:
        """Keys of which something has arrived that is not shown."""
        store, shown = self.store, self.shown
        return frozenset(k for k, s in store.items() if s.row != shown.get(k))

    def seen(self) -> Seen:
        parked = self.parked() if self.rules.tell_parked else frozenset[Key]()
        if self.rules.keep_vector:
            parked |= {k for _, k in self.aside}
        return Seen({**self.position, self.number: self.last}, parked)

    def remembered(self, key: Key) -> State | None:
        """The latest that is known of a key, be it a TRUNCATE of its table."""
        state = self.store.get(key)
        for truncate in self.truncates[key[0]]:
            if state is None or state.version is None or truncate.version > state.version:
                state = truncate.state(key)
        return state

    # -- what users do

    def stamp(self, clock: int) -> int:
        now = clock + self.skew
        self.floor = max(now, self.floor + 1) if self.rules.floor else now
        return self.floor

    def commit(
        self, rows: Mapping[Key, Row | None], clock: int, moved: Mapping[Key, Key] | None = None
    ) -> None:
        """A transaction: rows written (None: deleted), in the order of its statements.

        `moved`: where rows went whose key was changed.
        """
        self.last += 1
        self.replaced.clear()
        seen, view = self.seen(), dict(self.shows)
        for key, row in rows.items():
            version = Version(self.stamp(clock), self.number, 0)
            saw = [self.shows.get(key, 0), self.cleared.get(key[0], 0)]
            write = self.ledger.write(saw, user=True)
            self.ledger.view(write, self.number, view)
            into = moved.get(key) if moved and row is None and self.rules.follow_moved else None
            self.contest(State(key, version, row, (self.number, self.last), seen, write, into))
            self._show(key, row, write)

    def truncate(self, tables: Sequence[str], clock: int) -> None:
        """TRUNCATE of all these tables at once."""
        self.last += 1
        seen, view = self.seen(), dict(self.shows)
        for table in tables:
            version = Version(self.stamp(clock), self.number, 0)
            there = [k for k in self.shown if k[0] == table]
            writes = {k: self.ledger.write([self.shows[k]], user=True) for k in there}
            whole = self.ledger.write([self.cleared.get(table, 0), *writes.values()], user=False)
            for write in writes.values():
                self.ledger.view(write, self.number, view)
            source = (self.number, self.last)
            self.clear(Truncate(table, version, source, seen, whole, writes))
            for key in there:
                self._show(key, None, writes[key])

    def _show(self, key: Key, row: Row | None, write: int) -> None:
        self.made[key] = self.last
        self.shows[key] = write
        if row is None:
            self.shown.pop(key, None)
        else:
            self.shown[key] = row

    # -- links

    def cut(self, since: int) -> Batch:
        """A batch for a target that has this site up to `since`."""
        seen = self.seen()
        states: list[State] = []
        for key, number in self.made.items():
            if number > since and key in self.store:
                state = self.store[key]
                source = state.source if self.rules.keep_maker else (self.number, self.written[key])
                states.append(replace(state, seen=seen, source=source))
        truncates = [
            replace(t, seen=seen)
            for found in self.truncates.values()
            for t in found
            if t.source[0] == self.number and t.source[1] > since
        ]
        return Batch(self.number, since, self.last, states, truncates, seen)

    def apply(self, batch: Batch) -> bool:
        """Apply a batch; whether it began where the last one of its origin ended."""
        if batch.since != self.position.get(batch.origin, 0):
            return False
        self.last += 1
        stamps = [s.version.stamp for s in [*batch.states, *batch.truncates] if s.version]
        self.floor = max(self.floor, *stamps) if stamps else self.floor
        if orphaned := [s for s in batch.states if s.source[0] not in {self.number, *self.peers}]:
            # It was under way when its maker was removed: who passed it on answers for it now.
            source = (batch.origin, batch.upto)
            kept = [s for s in batch.states if s not in orphaned]
            kept += [replace(s, source=source, seen=NOTHING) for s in orphaned]
            batch = replace(batch, states=kept)
        before = merge(self, batch)
        self.position[batch.origin] = batch.upto
        self.heard[batch.origin] = batch.seen
        self._settle()
        lay_aside(self, batch, before)
        self.forget()
        return True

    def retry(self) -> None:
        """Try again what is parked."""
        self.last += 1
        self._settle()

    def _settle(self) -> None:
        repaired = mend(self)
        if self.rules.give_up:
            repaired |= give_up(self, self.hopeless())
        self.replaced.clear()
        project(self)
        seen = self.seen()
        for key in repaired:
            self.store[key] = replace(self.store[key], seen=seen)

    def remove(self, peer: int) -> None:
        """A site is gone for good: what came from it and may not be everywhere is sent on.

        What it knew no longer means that something newer is coming.
        """
        self.peers.discard(peer)
        self.last += 1
        if not self.rules.send_on:
            return
        source = (self.number, self.last)
        for key, state in self.store.items():
            if state.version is not None and state.source[0] == peer:
                self.store[key] = replace(state, source=source, seen=NOTHING)
                self.made[key] = self.last
        for table, found in self.truncates.items():
            self.truncates[table] = [
                replace(t, source=source) if t.source[0] == peer else t for t in found
            ]

    # -- merging

    def put(self, state: State) -> None:
        """Store a state, whatever was there."""
        if (old := self.store.get(state.key)) is not None and old.row is not None:
            self.replaced[state.key] = old
        self.store[state.key] = state
        self.written[state.key] = self.last

    def clear(self, truncate: Truncate) -> None:
        for key in [k for k in self.store if k[0] == truncate.table]:
            self.contest(truncate.state(key))
        self.shows.update({k: w for k, w in truncate.writes.items() if k not in self.store})
        self.cleared[truncate.table] = truncate.write
        self.truncates[truncate.table].append(truncate)

    def contest(self, new: State) -> None:
        """Keep the later of what is here and what has come; log what was concurrent."""
        old, log = self.remembered(new.key), self.ledger
        if old is None:
            self.put(new)
            return
        wins = new.rank(self.rules.digest) > old.rank(self.rules.digest)
        lost, kept = (old, new) if wins else (new, old)
        if new.row == old.row:
            log.same(lost.write, kept.write)
        elif (
            not knew(kept, lost)
            and not (new.version == old.version and not wins)
            and self._tells(old, new, wins)
        ):
            log.log(lost.write)
        if wins:
            self.put(new)

    def _tells(self, old: State, new: State, wins: bool) -> bool:
        """Who made neither is not sure where the maker of what stays may have had both."""
        (maker, _), (site, number) = old.source, new.source
        if self.number in (maker, site) or maker not in self.peers:
            return True
        return self.rules.third_tells and (wins or self._heard_of(maker, site) < number)

    # -- memory

    def forget(self) -> None:
        """Forget the versions of what every peer is known to have, by its own stream."""
        parked = self.parked()
        forget_aside(self)
        for key, state in list(self.store.items()):
            if key in parked or not self._stable(key, state):
                continue
            self.made.pop(key, None)
            if state.row is None:
                del self.store[key], self.written[key]
            elif state.version is not None:
                self.store[key] = replace(state, version=None)
        for table, found in self.truncates.items():
            kept = [t for t in found if not self._has_all(t.source)]
            self.truncates[table] = kept

    def _stable(self, key: Key, state: State) -> bool:
        made = self.made.get(key, 0)
        sent = all(self._heard_of(p, self.number) >= made for p in self.peers)
        return sent and (not self.rules.forget_when_seen or self._has_all(state.source))

    def _has_all(self, source: tuple[int, int]) -> bool:
        site, number = source
        return all(p == site or self._heard_of(p, site) >= number for p in self.peers)

    def _heard_of(self, peer: int, site: int) -> int:
        return self.heard.get(peer, NOTHING).vector.get(site, 0)

    def hopeless(self) -> list[Key]:
        """Rows that every site has and none can show: no batch will bring what they wait for."""
        return [
            k
            for k in sorted(self.parked())
            if self.store[k].row is not None
            and self._has_all(self.store[k].source)
            and all(k in self.heard.get(p, NOTHING).parked for p in self.peers)
        ]

    def idle(self) -> bool:
        """Whether nothing is remembered and nothing is parked."""
        versions = any(s.version is not None for s in self.store.values())
        aside = self.aside or any(self.aside_truncates.values())
        return not (versions or any(self.truncates.values()) or self.parked() or aside)
