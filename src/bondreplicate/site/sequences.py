"""Sequences of this site: aligned so that ids never collide with another site's.

`core.sequences` decides; here it is read and done. Each sequence is aligned in a transaction of
its own, which first takes the lock that keeps others from calling nextval(), then reads where the
sequence is, decides again, alters, and records what it did. So a crash leaves whole sequences
behind, two daemons align once, and a writer waits for milliseconds at most.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Literal

from bondreplicate.border import database
from bondreplicate.border.database import Connection
from bondreplicate.border.sqlfiles import query, template
from bondreplicate.core.sequence_model import (
    Digit,
    Position,
    Range,
    Sequence,
    next_value,
    used_percent,
    values_left,
)
from bondreplicate.core.sequences import (
    NEAR_THE_END_PERCENT,
    Change,
    Impossible,
    Plan,
    decide_change,
    plan_alignment,
)
from bondreplicate.core.trouble import render_owner_hint
from bondreplicate.errors import DatabaseError, UnfitSite
from bondreplicate.site.sequence_catalog import document, fetch_held, fetch_sequences

LOCK_TIMEOUT_MS = 300
"""Writers queue behind our wait for a sequence: give up sooner than anybody notices."""

State = Literal["aligned", "misaligned", "busy", "impossible", "forbidden"]

GIVING_WAY = frozenset({"55P03", "40P01", "40001", "42P01", "3F000", "XX000"})
"""Locked by somebody, or dropped or altered under our hands: the next round sees to it."""

Used = Mapping[tuple[str, str], Range]
"""Values in use, by schema and name of the sequence."""


@dataclass(frozen=True)
class SequenceReport:
    """One sequence after `align_sequences` or as `check_sequences` found it.

    Attributes:
        state: aligned; misaligned (the next round aligns it); busy (a transaction holds it: the
            next round tries again); impossible and forbidden need somebody (see `reason`).
        changed: why it was aligned by this call; None where nothing was done.
        next_value: None where nextval() fails, or where it could not be read.
        used_percent: of the range of the sequence and of the columns it fills.
        values_left: how many more values this site gets out of it.
        reason: what is unusual, in words; None where nothing is.
        owned_as: what has an owner: `table public.item`, or the sequence itself.
    """

    schema: str
    name: str
    state: State
    changed: Change | None
    next_value: int | None
    used_percent: int
    values_left: int | None
    reason: str | None
    owned_as: str

    @property
    def near_the_end(self) -> bool:
        """Whether it is time to give the sequence a larger range."""
        return self.used_percent >= NEAR_THE_END_PERCENT or self.values_left == 0

    @property
    def warning(self) -> str | None:
        """What somebody should look at, on one line; None where nothing is."""
        parts = [self.reason] if self.reason else []
        if self.state == "misaligned":
            parts.insert(0, "its values do not end in the number of this site yet")
        if self.state == "busy":
            parts.insert(0, self.state)
        if self.near_the_end:
            parts.append(f"{self.used_percent} % used, {self.values_left} values left here")
        return f"sequence {self.schema}.{self.name}: {'; '.join(parts)}" if parts else None

    @property
    def hint(self) -> str:
        """What to do about what the warning says."""
        if self.state == "forbidden":
            return render_owner_hint(self.owned_as)
        if self.state == "misaligned":
            return "the running daemon aligns it within seconds"
        if self.state == "busy":
            return "end the transaction that holds it; the running daemon tries again"
        if self.state == "impossible":
            return "alter the sequence: give it a larger range"
        return "alter the column and the sequence to bigint" if self.near_the_end else ""


def align_sequences(
    connection: Connection,
    site: int,
    maxsites: int,
    *,
    elsewhere: Used | None = None,
    lock_timeout_ms: int = LOCK_TIMEOUT_MS,
) -> list[SequenceReport]:
    """Align every user sequence that is not aligned for this site; one query where all are.

    Args:
        connection: autocommit, outside a transaction; as owner of the sequences.
        site: number of this site; where the records name another, this database is a copy.
        maxsites: 10 or 100.
        elsewhere: what other sites use (see `fetch_used`): every sequence goes beyond it. For
            when a site joins, is restored, or maxsites grows; not for every round, in which
            sites would leapfrog each other.
        lock_timeout_ms: how long writers may have to wait for one sequence.

    Returns:
        One report for each. Those that this role may not alter are passed over, and recorded:
        one new sequence of somebody else must not end the replication of all other tables.
    """
    digit = Digit(site, maxsites)
    elsewhere = elsewhere or {}
    sequences, stale = fetch_sequences(connection)
    for record in stale:
        assert record.name is not None
        _forget(connection, record.name)
    reports = []
    for sequence in sequences:
        beyond = elsewhere.get((sequence.schema, sequence.name))
        change = _change(sequence, digit, beyond)
        if change and sequence.may_alter and sequence.position:
            aligner = _Aligner(connection, digit, beyond, lock_timeout_ms)
            reports.append(aligner.align(sequence, change))
        else:
            reports.append(_report(sequence, digit, change))
        _note_passed_over(connection, sequence, digit, reports[-1])
    return reports


def check_owners(connection: Connection, site: int, maxsites: int) -> None:
    """Check, before anything runs here, that every sequence that needs it may be aligned.

    Raises:
        UnfitSite: one belongs to a role whose rights this one does not have.
    """
    digit = Digit(site, maxsites)
    found, _ = fetch_sequences(connection)
    forbidden = [s for s in found if not s.may_alter and decide_change(s, digit)]
    if forbidden:
        raise _forbidden(forbidden[0], others=len(forbidden) - 1)


def check_sequences(connection: Connection) -> list[SequenceReport]:
    """Look at every user sequence and change nothing; before the first run none is aligned."""
    state = database.rows(connection, query("sequence_site"))[0]
    sequences, _ = fetch_sequences(connection)
    if state.site is None:
        return [_unaligned(s) for s in sequences]
    digit = Digit(state.site, state.maxsites)
    return [_report(s, digit, decide_change(s, digit)) for s in sequences]


def fetch_used(connection: Connection) -> dict[tuple[str, str], Range]:
    """What this site has handed out or holds in rows, for `align_sequences` at another site."""
    used = {}
    for sequence in fetch_sequences(connection)[0]:
        record = sequence.record
        original = record.original if record and not record.released else sequence.definition
        held = fetch_held(connection, sequence, original)
        values = [held.low, held.high] if held else []
        if sequence.position and not original.cycle:
            values.append(sequence.position.last)
        if values:
            used[sequence.schema, sequence.name] = Range(min(values), max(values))
    return used


@dataclass(frozen=True)
class _Aligner:
    connection: Connection
    digit: Digit
    beyond: Range | None
    lock_timeout_ms: int

    def align(self, sequence: Sequence, change: Change) -> SequenceReport:
        """Align one sequence, in a transaction of its own."""
        draft = plan_alignment(sequence, self.digit, change, self.beyond)
        if isinstance(draft, Impossible):
            return _report(sequence, self.digit, change)
        try:
            return self._align(sequence, draft)
        except DatabaseError as error:
            if error.sqlstate in GIVING_WAY:
                return replace(
                    _report(sequence, self.digit, change), state="busy", reason=error.message
                )
            if error.sqlstate == "42501":
                return replace(
                    _report(sequence, self.digit, change), state="forbidden", reason=error.message
                )
            raise

    def _align(self, sequence: Sequence, draft: Plan) -> SequenceReport:
        # Before the lock, because it may read a whole table. What it misses was handed out by
        # nextval() meanwhile, and then the position, read under the lock, is beyond it.
        with database.transaction(self.connection):
            self._set_lock_timeout()
            used = fetch_held(self.connection, sequence, draft.original)
        with database.transaction(self.connection):
            self._set_lock_timeout()
            self._lock(sequence)
            locked = self._fetch_again(sequence)
            change = _change(locked, self.digit, self.beyond)
            if change is None:
                return _report(locked, self.digit)
            plan = plan_alignment(locked, self.digit, change, _both(used, self.beyond))
            if isinstance(plan, Impossible):
                return _report(locked, self.digit, change)
            self._apply(locked, plan)
        again = self._fetch_again(sequence)
        now = decide_change(again, self.digit)
        return replace(_report(again, self.digit, now), changed=plan.change)

    def _set_lock_timeout(self) -> None:
        values = {"lock_timeout_ms": self.lock_timeout_ms}
        database.execute(self.connection, query("sequence_lock_timeout"), values)

    def _lock(self, sequence: Sequence) -> None:
        """Keep other sessions from nextval() until we commit; LOCK TABLE takes no sequence.

        ALTER SEQUENCE waits for every transaction that has called nextval(), and makes sessions
        throw away the values they have cached. CACHE is the one property we never change.
        """
        statement = database.render(
            template("sequence_lock"),
            sequence=_identifier(sequence),
            cache=database.Literal(sequence.definition.cache),
        )
        database.execute(self.connection, statement)

    def _fetch_again(self, sequence: Sequence) -> Sequence:
        found, _ = fetch_sequences(self.connection, sequence.oid)
        if not found:
            raise DatabaseError(f"sequence {_title(sequence)} is gone", sqlstate="42P01")
        return found[0]

    def _apply(self, sequence: Sequence, plan: Plan) -> None:
        aligned = plan.aligned
        parts: dict[str, database.Composable] = {
            "sequence": _identifier(sequence),
            "increment": database.Literal(aligned.increment),
            "minimum": database.Literal(aligned.minimum),
            "maximum": database.Literal(aligned.maximum),
            "start": database.Literal(aligned.start),
        }
        name = "sequence_alter"
        if plan.restart is not None:
            name, parts["restart"] = "sequence_alter_restart", database.Literal(plan.restart)
        database.execute(self.connection, database.render(template(name), **parts))
        if plan.exhaust:
            end = aligned.maximum if aligned.increment > 0 else aligned.minimum
            values = {"oid": sequence.oid, "value": end}
            database.execute(self.connection, query("sequence_exhaust"), values)
        if sequence.record and sequence.record.name != (sequence.schema, sequence.name):
            assert sequence.record.name is not None
            _forget(self.connection, sequence.record.name)
        self._record(sequence, plan)

    def _record(self, sequence: Sequence, plan: Plan) -> None:
        position = sequence.position
        assert position is not None
        restarted = Position(plan.restart, False) if plan.restart is not None else position
        aligned = {
            **document(plan.aligned, restarted),
            **asdict(self.digit),
            "oid": sequence.oid,
            "negative": plan.negative,
        }
        before = sequence.record.started if sequence.record else None
        values = {
            "schema": sequence.schema,
            "name": sequence.name,
            "original": json.dumps(document(plan.original, before or position)),
            "aligned": json.dumps(aligned),
            "reason": plan.reason,
        }
        database.execute(self.connection, query("sequence_record"), values)


def _forget(connection: Connection, name: tuple[str, str]) -> None:
    values = {"schema": name[0], "name": name[1]}
    database.execute(connection, query("sequence_forget"), values)


def _change(sequence: Sequence, digit: Digit, beyond: Range | None) -> Change | None:
    change = decide_change(sequence, digit)
    if change or beyond is None or sequence.position is None:
        return change
    plan = plan_alignment(sequence, digit, "passed", beyond)
    return "passed" if isinstance(plan, Plan) and plan.restart is not None else None


def _both(one: Range | None, other: Range | None) -> Range | None:
    if one is None or other is None:
        return one or other
    return Range(min(one.low, other.low), max(one.high, other.high))


def _report(sequence: Sequence, digit: Digit, change: Change | None = None) -> SequenceReport:
    """What is to say about a sequence as it is, with what `_change` said of it."""
    state: State = "misaligned" if change else "aligned"
    reason = sequence.record.reason if sequence.record and not change else None
    # What cannot be read may be locked; what belongs to somebody else is not ours to read.
    if not sequence.may_alter and (change or sequence.position is None):
        state = "forbidden"
        reason = f'passed over, as it belongs to role "{sequence.owner}": its values can collide'
    elif sequence.position is None:
        state, reason = "busy", "it is locked by a transaction"
    elif change:
        plan = plan_alignment(sequence, digit, change, None)
        if isinstance(plan, Impossible):
            state, reason = "impossible", plan.reason
    return replace(_unaligned(sequence), state=state, reason=reason)


def _unaligned(sequence: Sequence) -> SequenceReport:
    definition, position = sequence.definition, sequence.position
    room = sequence.room(definition)
    return SequenceReport(
        schema=sequence.schema,
        name=sequence.name,
        state="misaligned",
        changed=None,
        next_value=next_value(definition, position) if position else None,
        used_percent=used_percent(definition, position, room) if position else 0,
        values_left=values_left(definition, position, room) if position else None,
        reason=None,
        owned_as=sequence.owned_as,
    )


def _note_passed_over(
    connection: Connection, sequence: Sequence, digit: Digit, report: SequenceReport
) -> None:
    """Record why a sequence is passed over; one that was aligned before keeps that record."""
    told = sequence.passed_over == report.reason
    if report.state != "forbidden" or sequence.record or told:
        return
    definition = sequence.definition
    found = document(definition, sequence.position or Position(definition.start, False))
    aside = {"negative": False, "released": True, "passed_over": True}
    values = {
        "schema": sequence.schema,
        "name": sequence.name,
        "original": json.dumps(found),
        "aligned": json.dumps({**found, **asdict(digit), "oid": sequence.oid, **aside}),
        "reason": report.reason,
    }
    database.execute(connection, query("sequence_pass_over"), values)


def _forbidden(sequence: Sequence, others: int) -> UnfitSite:
    more = f" (and {others} more like it)" if others else ""
    return UnfitSite(
        f'sequence {_title(sequence)} belongs to role "{sequence.owner}",'
        f" and this role may not alter it{more}",
        hint=render_owner_hint(sequence.owned_as),
        sqlstate="42501",
    )


def _title(sequence: Sequence) -> str:
    return f"{sequence.schema}.{sequence.name}"


def _identifier(sequence: Sequence) -> database.Composable:
    return database.Identifier(sequence.schema, sequence.name)
