"""Applying at the target of a link.

The session, its functions for each table, one batch in one transaction.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from bondreplicate.border.database import (
    Connection,
    commit_with,
    dicts,
    execute,
    execute_all,
    execute_for_each,
    rows,
    set_session,
    transaction,
)
from bondreplicate.border.failpoint import reach
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.mapping import Mapped, map_tables
from bondreplicate.core.policies import LATEST
from bondreplicate.core.shapes import ForeignKey, Shape, TableName
from bondreplicate.site.applier import Applier, Neighbour
from bondreplicate.site.extract import Outdated
from bondreplicate.site.tables import Tables, fetch_tables

SESSION = {
    "session_replication_role": "replica",
    "plan_cache_mode": "force_generic_plan",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "synchronous_commit": "on",
    "idle_in_transaction_session_timeout": "60s",
    "work_mem": "32MB",
}
"""Users' triggers stay silent, foreign keys are validated set by set; plans ignore statistics."""


@dataclass(frozen=True)
class Batch:
    """What moves a target from one snapshot of the origin to a later one.

    Attributes:
        origin: number of the site that sends it.
        incarnation: of the origin: which database it is.
        since: the snapshot that the target holds; None: nothing yet.
        upto: the snapshot that it holds afterwards.
        vector: the origin's positions of other sites, by their number.
        entries: of the origin's log between the two.
        aside: schema, table and key of rows that the origin has parked: it has their latest state,
            and has not seen it.
        hold: keep writers out of the tables until the batch is applied.
        impatient: let rows wait alone that others keep locked. stubborn: also those with errors
            that are taken to go away by trying again.
        proof: mark of this batch. proof_held: that which the target has before.
    """

    origin: int
    incarnation: str
    since: str | None
    upto: str
    vector: Mapping[str, str]
    entries: int
    aside: Sequence[object] = ()
    hold: bool = False
    impatient: bool = False
    stubborn: bool = False
    proof: str | None = None
    proof_held: str | None = None


@dataclass(frozen=True)
class Applied:
    """What the target says of a batch."""

    rows_applied: int
    conflicts: int
    parked: int


@dataclass(frozen=True)
class Held:
    """What the target knows of an origin; its maxsites and revision of tables.

    Attributes:
        position: where the origin goes on; None: it sends all that it keeps.
        incarnation: of the origin, when it sent that.
        holds: what it has of the origin, also where a copy begins anew; None: `has_xid` tells.
        has_xid: later transactions of the origin it has not; None: it has none.
        maxsites: of the target.
        revision: of its tables.
        parked: whether changes of the origin wait there.
        listed: whether the origin is in replicate_hosts there.
        proof: mark of the origin's last batch.
    """

    position: str | None
    incarnation: str | None
    holds: str | None
    has_xid: int | None
    maxsites: int | None
    revision: int
    parked: bool
    listed: bool = True
    proof: str | None = None


class Target:
    """The applying session of one link."""

    def __init__(self, connection: Connection, settings: Settings, origin: int) -> None:
        self.connection, self.settings, self.origin = connection, settings, origin
        self.tables = Tables(0)
        self.mapped: dict[int, Mapped] = {}
        self._made: set[int] = set()
        self._children: dict[tuple[str, str], list[tuple[Shape, ForeignKey]]] = {}
        set_session(
            connection,
            {
                **SESSION,
                "lock_timeout": f"{settings.lock_timeout_ms}ms",
                **give_way(connection, settings),
            },
        )
        execute(connection, query("stage"))

    def fetch_held(self) -> Held:
        """The position of the origin here."""
        return Held(**dicts(self.connection, query("target_position"), {"origin": self.origin})[0])

    def learn(self, origin: Tables) -> None:
        """Look at the tables of the target anew and map those of the origin to them."""
        self.tables = fetch_tables(self.connection)
        known = self.tables.known()
        disabled, hidden = self.tables.disabled, self.tables.hidden
        self.mapped = map_tables(origin.shapes, known, disabled, hidden)
        self._made.clear()
        self._children.clear()
        for shape in (*self.tables.shapes.values(), *self.tables.others):
            for fk in shape.foreign_keys:
                self._children.setdefault(fk.parent, []).append((shape, fk))
        with transaction(self.connection):
            execute(self.connection, query("shape_clear"))
            sent = {m.tab for m in self.mapped.values()}
            noted = [self._noted(m, origin.shapes[tab], tab) for tab, m in self.mapped.items()]
            noted += [
                self._noted(Mapped(tab, tuple(c.name for c in shape.travelling)), shape, None)
                for tab, shape in self.tables.shapes.items()
                if tab not in sent
            ]
            execute_for_each(self.connection, query("shape_add"), noted)
            execute(self.connection, query("parked_rename"), {"origin": self.origin})
            gone = {
                "source": self.origin,
                "tabs": sorted(origin.numbers),
                "schemas": [schema for schema, _ in origin.names()],
                "names": [name for _, name in origin.names()],
            }
            execute(self.connection, query("parked_gone"), gone)

    def unused_policies(self, origin: Tables) -> list[str]:
        """Tables that have a policy at one of the two ends which is not used between them."""
        known = self.tables.known()
        return sorted(
            ".".join(shape.name)
            for tab, mapped in self.mapped.items()
            if (shape := origin.shapes[tab]).name in known
            and {shape.policy, known[shape.name][1].policy} != {mapped.policy}
        )

    def _noted(self, mapped: Mapped, shape: Shape, origin_tab: int | None) -> dict[str, Any]:
        """A row of bond_shape."""
        late = any(not u.immediate for u in shape.uniques)
        here = self.tables.shapes.get(mapped.tab)
        by_column = here is not None and here.by_column
        return {
            "tab": mapped.tab,
            "schema": shape.name[0],
            "table": shape.name[1],
            "columns": list(mapped.columns),
            "checked_late": late,
            "held": mapped.held or None,
            "origin_tab": origin_tab,
            "key_columns": list(shape.key),
            "key_numbers": list(shape.key_numbers) if origin_tab else None,
            "layout": shape.layout if origin_tab else None,
            "by_column": by_column,
            "numbers": here.numbers_of(mapped.columns) if here and by_column else None,
            "policy": mapped.policy != LATEST,
            "counted": list(here.counted) or None if here else None,
            "together": here.groups_of(mapped.columns) if here and by_column else None,
        }

    def prepare(self, origin_tabs: Iterable[int]) -> None:
        """Create the session's functions for these tables and all that foreign keys tie to them."""
        queue = [self.mapped[t].tab for t in origin_tabs if t in self.mapped]
        known = self.tables.known()
        new: dict[int, Shape] = {}
        while queue:
            tab = queue.pop()
            if tab <= 0 or tab in self._made or tab in new:
                continue
            shape = new[tab] = self.tables.shapes[tab]
            tied = [fk.parent for fk in shape.foreign_keys]
            tied += [child.name for child, _ in self._children.get(shape.name, [])]
            queue += [known[name][0] for name in tied if name in known]
        if not new:
            return
        appliers = (self._applier(tab, shape) for tab, shape in new.items())
        execute_all(self.connection, (s for applier in appliers for s in applier.statements()))
        self._made |= new.keys()
        execute(self.connection, query("shape_made"), {"tabs": sorted(self._made)})

    def fetch_lacking(self) -> Mapping[TableName, str]:
        """Tables that were disabled here, of which the origin is to send all; since when not."""
        found = rows(self.connection, query("tables_lacking"), {"site": self.origin})
        return {(r.schema_name, r.table_name): r.back_at for r in found}

    def note_made_up(self, names: Iterable[TableName]) -> None:
        """Note that the origin sends every row of these tables; its log has them."""
        for schema, table in names:
            args = {"site": self.origin, "schema": schema, "table": table}
            execute(self.connection, query("tables_have"), args)

    def fetch_outdated(self) -> list[Outdated]:
        """Rows of the origin that wait here without columns that both ends have now."""
        found = rows(self.connection, query("parked_outdated"), {"origin": self.origin})
        return [Outdated(*row) for row in found]

    def prepared(self, origin_tab: int) -> bool:
        """Whether the session can apply a table of the origin, or holds it."""
        tab = self.mapped[origin_tab].tab
        return tab < 0 or tab in self._made

    def prepare_parked(self) -> None:
        """Create the functions for tables that have parked changes, of whatever origin."""
        found = rows(self.connection, query("parked_tables"))
        by_name = {s.name: t for t, s in self.tables.shapes.items()}
        target_tabs = {by_name.get((r.schema_name, r.table_name)) for r in found}
        self.prepare(t for t, m in self.mapped.items() if m.tab in target_tabs)

    def _applier(self, tab: int, shape: Shape) -> Applier:
        known = self.tables.known()
        neighbours = [
            self._neighbour(child, fk, known) for child, fk in self._children.get(shape.name, [])
        ]
        policy = next((m.policy for m in self.mapped.values() if m.tab == tab), LATEST)
        return Applier(shape, tab, self._columns_of(tab), neighbours, known, policy)

    def _neighbour(
        self, child: Shape, fk: ForeignKey, known: Mapping[TableName, tuple[int, Shape]]
    ) -> Neighbour:
        if child.name not in known:
            return Neighbour(child, None, [c.name for c in child.travelling], fk)
        tab = known[child.name][0]
        return Neighbour(child, tab, self._columns_of(tab), fk)

    def _columns_of(self, tab: int) -> Sequence[str]:
        for mapped in self.mapped.values():
            if mapped.tab == tab:
                return mapped.columns
        return [c.name for c in self.tables.shapes[tab].travelling]

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The transaction that a batch is staged and merged in; merge() commits it.

        Raises:
            TransientError: nothing was applied; read the position again and go on.
        """
        with transaction(self.connection):
            reach("apply_begun")
            yield

    def stage(self, blocks: Iterable[Any]) -> None:
        """Take the rows of a batch, blocks of COPY text, into pg_temp.bond_stage."""
        with self.connection.cursor().copy(query("copy_in")) as copy:
            for block in blocks:
                copy.write(block)
                reach("apply_copied")
        reach("apply_staged")

    def merge(self, batch: Batch) -> Applied:
        """Merge what is staged, move the position with it, and commit.

        Merge and COMMIT are one message: the site's other links wait for the lock of this batch,
        and must not wait for the network of this link.

        Raises:
            TransientError: as transaction(); BR035: learn the tables anew first.
            MeshError: the origin is not who it was, or its clock is wrong.
        """
        args = {
            "origin": batch.origin,
            "incarnation": batch.incarnation,
            "since": batch.since,
            "upto": batch.upto,
            "seen": json.dumps(batch.vector),
            "entries": batch.entries,
            "aside": json.dumps(batch.aside),
            "revision": self.tables.revision,
            "proof": batch.proof,
            "proof_held": batch.proof_held,
            "impatient": batch.impatient,
            "stubborn": batch.stubborn,
            "ahead_max_s": self.settings.clock_ahead_max_s,
        }
        applying = query("apply_batch")
        statements = (query("hold_tables"), applying) if batch.hold else (applying,)
        [applied] = commit_with(self.connection, *statements, args=args)
        reach("apply_committed")
        return Applied(**applied)


def give_way(connection: Connection, settings: Settings) -> dict[str, str]:
    """Settings with which the applier is the victim of a deadlock, where the role may set them."""
    allowed = rows(connection, query("may_set"), {"setting": "deadlock_timeout"})
    if allowed and allowed[0].may:
        return {"deadlock_timeout": f"{settings.deadlock_timeout_ms}ms"}
    return {}
