"""Extraction at the origin of a link: current states of rows whose keys the target has not seen."""

from __future__ import annotations

import time
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bondreplicate.border.database import (
    MUTED,
    Composable,
    Composed,
    Connection,
    Identifier,
    Literal,
    dicts,
    execute,
    execute_all,
    in_transaction,
    joined,
    render,
    rows,
    set_session,
    transaction,
    value,
)
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.mapping import Mapped
from bondreplicate.core.shapes import Shape, TableName
from bondreplicate.core.snapshot import NOTHING
from bondreplicate.errors import TransientError
from bondreplicate.site import capture
from bondreplicate.site.expressions import BEFORE_ANY
from bondreplicate.site.prune import keep_clock
from bondreplicate.site.tables import Tables

PLANS = {
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "max_parallel_workers_per_gather": "0",
    "work_mem": "32MB",
}
"""Plans do not depend on statistics, always wrong for a log: one look by index per key."""

LARGE = 10_000
"""Entries from which on a batch is streamed. Its query is planned anew, which takes a few
milliseconds for each table; small batches use plans that the session keeps."""

CLOCK_EVERY_S = 0.2
"""How long a mark of the clock is good enough to send changes after it."""


@dataclass(frozen=True)
class Unsent:
    """What a link has to send.

    `upto`: snapshot of the origin. `written`: end of its WAL then. `vector`: its positions of other
    sites. `aside`: schema, table and key of changes parked here. `applied`: entries of theirs that
    it has ever passed. `clock_went_back`: entries are stamped below earlier ones.
    """

    upto: str
    written: str
    revision: int
    vector: Mapping[str, str]
    aside: Sequence[object]
    tabs: Sequence[int]
    entries: int
    oldest: datetime | None
    errors: bool
    applied: int
    clock_went_back: bool

    @property
    def something(self) -> bool:
        """Whether there is anything but news of positions."""
        return self.entries > 0 or self.errors


@dataclass(frozen=True)
class Outdated:
    """A row that waits at a target as it was before ALTER TABLE: its key, its version."""

    origin_tab: int
    key: Sequence[str]
    stamp: datetime
    site: int
    repair: int


class Extractor:
    """The origin's side of one link; owns nothing but the prepared functions of its session."""

    def __init__(self, connection: Connection, me: int) -> None:
        self.connection, self.me = connection, me
        self._made: dict[int, tuple[Shape, Mapped]] = {}
        self._passed: set[int] = set()
        self._clock_due_s = 0.0
        set_session(connection, {**MUTED, **PLANS})

    def look(self, since: str | None) -> Unsent:
        """What is not in the position `since`; stamps of a clock set back are mended first.

        Raises:
            TransientError: the clock was set back and it cannot be mended in this transaction.
        """
        args = {"me": self.me, "since": since or NOTHING}
        unsent = Unsent(**dicts(self.connection, query("unsent"), args)[0])
        if in_transaction(self.connection):
            if unsent.clock_went_back:
                raise TransientError("the clock of this site was set back: stamping changes anew")
            return unsent
        due = unsent.something and time.monotonic() >= self._clock_due_s
        if unsent.clock_went_back or due:
            # Before they are sent: what comes after a step of the clock is then known by its stamp.
            keep_clock(self.connection)
            self._clock_due_s = time.monotonic() + CLOCK_EVERY_S
        if not unsent.clock_went_back:
            return unsent
        return Unsent(**dicts(self.connection, query("unsent"), args)[0])

    def flush(self, unsent: Unsent) -> None:
        """See to it that what the position shows outlives a crash of this server."""
        value(self.connection, query("flush_wal"), {"upto": unsent.written})

    def pass_over(self, tabs: Iterable[int], site: int) -> None:
        """Remember that changes of these tables are not sent to a site, which has them disabled."""
        new = set(tabs) - self._passed
        if new:
            execute(self.connection, query("pass_over"), {"tabs": sorted(new), "site": site})
            self._passed |= new

    def make_up(
        self, tables: Tables, tabs: Container[int], site: int, lacking: Mapping[TableName, str]
    ) -> None:
        """Send every row of tables that a site had disabled, and has not any more.

        Args:
            tables: of this site.
            tabs: ids of those that the other site is sent.
            site: its number.
            lacking: tables that it lacks rows of, and since when they are back there.
        """
        self._passed.clear()  # What is noted goes when a table comes back here.
        args = {
            "site": site,
            "schemas": [schema for schema, _ in lacking],
            "names": [name for _, name in lacking],
            "back_at": list(lacking.values()),
        }
        for row in rows(self.connection, query("to_make_up"), args):
            if row.id in tabs and row.id in tables.shapes:
                with transaction(self.connection):
                    shape = tables.shapes[row.id]
                    execute(self.connection, capture.enqueue(shape, row.id, BEFORE_ANY))
                    execute(self.connection, query("made_up"), {"tab": row.id, "site": site})

    def send_again(self, tables: Tables, outdated: Iterable[Outdated]) -> None:
        """Send rows as they are now that wait at the target as they were before ALTER TABLE."""
        for row in outdated:
            shape = tables.shapes.get(row.origin_tab)
            if shape is not None:
                args = {"key": row.key, "stamp": row.stamp, "site": row.site, "repair": row.repair}
                execute(self.connection, capture.send_again(shape, row.origin_tab), args)

    def prepare(self, tables: Tables, mapped: Mapping[int, Mapped], tabs: Sequence[int]) -> None:
        """Create the session's extract functions for these tables where they are missing or old."""
        new = {
            tab: (tables.shapes[tab], mapped[tab])
            for tab in tabs
            if tab in mapped and tab in tables.shapes and not self.prepared(tables, mapped, tab)
        }
        made = (self._functions(tab, shape, target) for tab, (shape, target) in new.items())
        execute_all(self.connection, (s for statements in made for s in statements))
        self._made |= new

    def _functions(self, tab: int, shape: Shape, target: Mapped) -> list[Composed]:
        # By its full name: a column of the table may be called `since`.
        since = Identifier(f"extract_{tab}", "since")
        return capture.extract(shape, tab, self._rows_of(shape, target, tab, since))

    @contextmanager
    def snapshot(self) -> Iterator[None]:
        """One REPEATABLE READ READ ONLY transaction: look and copy see the same."""
        with transaction(self.connection, query("begin_snapshot")):
            yield

    def prepared(self, tables: Tables, mapped: Mapping[int, Mapped], tab: int) -> bool:
        """Whether the session can extract a table as it is now at both ends of the link."""
        return self._made.get(tab) == (tables.shapes[tab], mapped[tab])

    @contextmanager
    def copy_out(self, since: str | None, tabs: Sequence[int], unsent: Unsent) -> Iterator[Any]:
        """The COPY of all that is unsent, as blocks of bytes.

        The first comes when the query has it, which may take long. A large batch is streamed: rows
        are sent as they are found, instead of being kept until all are there.
        """
        large = unsent.entries > LARGE
        statement = self._copy(since or NOTHING, tabs, errors=unsent.errors, large=large)
        with self.connection.cursor().copy(statement) as copy:
            yield copy
        if large:
            for tab in tabs:
                check = render(
                    query("extracted"), function=Identifier("pg_temp", f"extracted_{tab}")
                )
                execute(self.connection, check)

    def read(self, since: str | None, tab: int) -> None:
        """Read what would be sent of a table that is prepared, to no end.

        Raises:
            DatabaseError: it cannot be read.
        """
        statement = self._copy(since or NOTHING, [tab], errors=False, large=True)
        with self.snapshot(), self.connection.cursor().copy(statement) as copy:
            for _ in copy:
                pass

    def put_aside(self, tab: int) -> Mapping[str, str]:
        """Take keys of a table out of the log that cannot be read any more: why, for each."""
        with transaction(self.connection):
            execute(self.connection, capture.unreadable(self._made[tab][0], tab))
            function = Identifier("pg_temp", f"unreadable_{tab}")
            found = rows(self.connection, render(query("unreadable"), function=function))
        return {", ".join(row.lost_key): row.why for row in found}

    def name_of(self, tab: int) -> str:
        """The name of a table that is prepared."""
        return ".".join(self._made[tab][0].name)

    def _rows_of(self, shape: Shape, target: Mapped, tab: int, since: Composable) -> Composed:
        return capture.extract_rows(shape, tab, target.tab, self.me, target.columns, since)

    def _copy(self, since: str, tabs: Sequence[int], *, errors: bool, large: bool) -> Composed:
        position = render("{p}::pg_snapshot", p=Literal(since))
        arms: list[Composable] = []
        for tab in tabs:
            if large:
                arms.append(self._rows_of(*self._made[tab], tab, position))
            else:
                function = Identifier("pg_temp", f"extract_{tab}")
                arms.append(render(query("extract_table"), function=function, since=position))
        if errors:
            me = Literal(self.me)
            arms.append(render(query("extract_errors"), me=me, since=position))
        return render(query("copy_out"), arms=joined(" union all ", arms))
