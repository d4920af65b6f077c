"""Writes down what was committed at real sites, and what its authors had seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.random.predictor import Effect, History, Key, Row, is_shown
from tests.random.tables import Schema

LOGGED = (
    "select t.table_name::text, l.key, l.stamp, l.site, l.repair, l.xid::text::bigint,"
    " l.merged_into"
    " from bondreplicate.replicate_log l join bondreplicate.replicate_tables t on t.id = l.tab"
    " where l.xid = pg_current_xact_id_if_assigned() order by l.stamp"
)
INSERTED = (
    "select tab, vals from audit where op = 'INSERT' and xid = pg_current_xact_id_if_assigned()"
)


@dataclass
class Counts:
    """Counters by table and key before and after a transaction, and the rows that it inserted."""

    before: Mapping[Key, int]
    after: Mapping[Key, int]
    inserted: set[tuple[str, Row]]


class Recorder:
    """Makes effects of transactions."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.history = History()
        self.effect_site: dict[int, tuple[int, int]] = {}  # number: site and transaction

    def record(
        self,
        site: int,
        before: Any,
        after: Any,
        positions: dict[int, str],
        logged: Sequence[Any],
        counts: Counts,
    ) -> list[str]:
        """Note what a committed transaction did. Returns it in words.

        Args:
            site: where it was.
            before: rows that were there when it began, by table and key.
            after: rows that it left there.
            positions: what had come there by then from other sites: site number to pg_snapshot.
            logged: its entries in the log, as LOGGED gives them.
            counts: what became of the counters.
        """
        told: list[str] = []
        entries, became = {}, {}
        for table, key, stamp, maker, repair, xid, merged_into in logged:
            assert maker == site, f"stamped as of site {maker} at {site}"
            entries[table, None if key is None else tuple(key)] = (stamp, maker, repair), xid
            if key is not None and merged_into is not None:
                became[table, tuple(key)] = tuple(merged_into)
        effects = self.history.effects
        shown = {
            e.number
            for e in effects
            for maker, xid in [self.effect_site[e.number]]
            if maker == site or is_shown(xid, positions.get(maker))
        }
        changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        changed |= {k for k, n in counts.after.items() if n != counts.before.get(k)}
        missed = {k for k in changed if k not in entries and (k[0], None) not in entries}
        assert not missed, f"not captured: {missed}"
        for table, key in list(entries):
            if key is None:
                entries |= {
                    k: entries[table, None] for k in before if k[0] == table and k not in entries
                }
        anew = {(table, self._key(table, row)) for table, row in counts.inserted}
        anew |= {(table, key) for (table, _), key in became.items()}
        saw = {key: self._saw(key, before.get(key), shown) for key in entries}
        for key, (version, xid) in entries.items():
            number, row = len(effects), after.get(key)
            mark = row and row[self._mark(key[0])]
            effect = Effect(
                number, key, version, row, mark, saw[key], frozenset(shown), became.get(key),
                begins=key in anew or key not in before,
                added=key in counts.after and counts.after[key] - counts.before.get(key, 0),
            )  # fmt: skip
            effects.append(effect)
            self.effect_site[number] = site, xid
            told.append(
                f"       {key[0]} {key[1]}: {row} {version[0]:%H:%M:%S.%f} saw {set(saw[key])}"
            )
        return told

    def _mark(self, table: str) -> int:
        return self.schema.table(table).plain.index("mark")

    def _key(self, table: str, row: Row) -> tuple[str | None, ...]:
        made = self.schema.table(table)
        values = dict(zip(made.columns, row, strict=True))
        return tuple(values[c] for c in made.key)

    def _saw(self, key: Any, row: Any, shown: set[int]) -> frozenset[int]:
        """Effects on a key whose result was there: found by what they left, not by any stamp."""
        if key[1] is None:
            return frozenset(
                e.number for e in self.history.effects if e.key[0] == key[0] and e.number in shown
            )
        there = self.history.on(key)
        if row is None:
            return frozenset(e.number for e in there if e.row is None and e.number in shown)
        if self.schema.table(key[0]).merge == "column":  # it may have something of each
            return frozenset(e.number for e in there if e.number in shown)
        found = {e.number for e in there if e.row == row}
        if not found:  # a repair has changed it, or moved it here
            mark = row[self._mark(key[0])]
            effects = self.history.effects
            found = {e.number for e in effects if (e.key[0], e.mark) == (key[0], mark)}
        return frozenset(found)
