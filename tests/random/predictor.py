"""What every site must hold in the end, from who wrote what, with which stamp, having seen what.

Pure, and nothing of the product: a history is a list of effects. An effect is what one committed
transaction did to one key: the row it left there, or none. `Effect.saw` names the effects whose
rows were there when its author looked. A TRUNCATE is an effect on all keys of its table.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

Key = tuple[str, tuple[str, ...] | None]
"""A table and the texts of the key; None: all rows (TRUNCATE)."""
Row = tuple[str | None, ...]
Version = tuple[object, int, int]
Lost = tuple[Key, Row | None, int]
"""A conflict record: key, row that lost (None: a delete), site that had made it."""
Loose = Mapping[str, Collection[int]]
"""By table, places in its rows that versions alone do not decide."""
NOTHING: Loose = {}


@dataclass(frozen=True)
class Effect:
    """What a transaction did to a key.

    Attributes:
        number: Its place in the history.
        version: Stamp, site, repair.
        row: Texts of the columns; None: no row.
        mark: What the statement wrote into the row to be known by; None: no row.
        saw: Effects on this key that its author saw: numbers.
        before: All effects that its author saw, on whatever key: its stamp must be later.
        became: The key that the row has since: its key was changed.
        begins: The row was not there before, or was inserted anew.
        added: What it added to the counter of the row; one that begins, its whole value.
    """

    number: int
    key: Key
    version: Version
    row: Row | None
    mark: str | None = None
    saw: frozenset[int] = frozenset()
    before: frozenset[int] = frozenset()
    became: tuple[str, ...] | None = None
    begins: bool = False
    added: int = 0


@dataclass
class History:
    """All effects, and what follows from them."""

    effects: list[Effect] = field(default_factory=list)

    def on(self, key: Key) -> list[Effect]:
        """Effects on a key, those on its whole table included."""
        return [e for e in self.effects if e.key == key or e.key == (key[0], None)]

    def written(self) -> list[Key]:
        """Every key that was ever written."""
        return sorted({e.key for e in self.effects if e.key[1] is not None}, key=str)

    def winner(self, key: Key) -> Effect:
        """Where no constraint had to be repaired: the latest version, everywhere, always."""
        return max(self.on(key), key=lambda e: e.version)

    def newest(self, key: Key) -> list[Effect]:
        """Effects on a key that no other one's author saw: whatever the stamps, one of these."""
        there = self.on(key)
        seen = frozenset[int]().union(*(e.saw for e in there))
        return [e for e in there if e.number not in seen]

    def out_of_turn(self) -> list[tuple[Effect, Effect]]:
        """Pairs of an effect and one that its author saw, whose stamp is not the earlier one."""
        by_number = {e.number: e for e in self.effects}
        return [
            (e, by_number[n])
            for e in self.effects
            for n in sorted(e.before)
            if by_number[n].version[:2] >= e.version[:2]
        ]

    def moved(self) -> set[str]:
        """Tables in which a key was changed."""
        return {e.key[0] for e in self.effects if e.became}

    def recoded(self, places: Mapping[str, int]) -> set[str]:
        """Tables in which a row had two values at a place, under whatever keys it had."""
        values: dict[Key, set[str | None]] = {}
        for e in self.effects:
            there = values.setdefault(e.key, set())
            if e.row:
                there.add(e.row[places[e.key[0]]])
        for e in self.effects:
            if e.became:
                mine, other = values[e.key], values.setdefault((e.key[0], e.became), set())
                mine |= other
                values |= {k: mine for k, there in values.items() if there is other}
        return {key[0] for key, there in values.items() if len(there) > 1}

    def wrong(
        self, rows: Mapping[Key, Row], keys: Iterable[Key], loose: Loose = NOTHING
    ) -> list[str]:
        """What is said of each key that does not hold the row that won."""
        return [
            f"{key}: {rows.get(key)}, and not {won.row} of {won.version}"
            for key in keys
            if not alike((won := self.winner(key)).row, rows.get(key), loose.get(key[0], ()))
        ]

    def went_back(
        self, rows: Mapping[Key, Row], keys: Iterable[Key], loose: Loose = NOTHING
    ) -> list[str]:
        """Of each key that holds what somebody had replaced on purpose; without any stamp."""
        return [
            f"{key}: {rows.get(key)} was replaced by one who had seen it"
            for key in keys
            if not any(alike(e.row, rows.get(key), loose.get(key[0], ())) for e in self.newest(key))
        ]

    def sums(self) -> dict[Key, int]:
        """The counter of each row that was inserted once and never deleted: all that was added."""
        return {
            key: sum(e.added for e in there)
            for key in self.written()
            for there in [self.on(key)]
            if all(e.row for e in there) and sum(e.begins for e in there) == 1
        }

    def pieced_wrong(
        self, rows: Mapping[Key, Row], keys: Iterable[Key], loose: Loose = NOTHING
    ) -> list[str]:
        """Of each key of a table that is merged by column, what is not made of its effects.

        Each column has a value that somebody left there; the mark is none that was replaced by
        one who had seen it. Which of the others is the latest is not said: an effect does not know
        which columns it wrote.
        """
        wrong = []
        for key in keys:
            there, row, newest = self.on(key), rows.get(key), self.newest(key)
            if row is None:
                if all(e.row for e in newest):
                    wrong.append(f"{key}: it is gone, and nobody had deleted what came last")
                continue
            past = {n for f in there for n in f.saw for e in there if e.number == n != f.number
                    and e.mark != f.mark}  # fmt: skip
            marks = {e.mark for e in there if e.row and e.number not in past}
            values = [{e.row[n] for e in there if e.row} for n in range(len(row))]
            if not any(e.row for e in newest) or not marks & set(row):
                wrong.append(f"{key}: {row} was replaced by one who had seen it")
            elif not all(v in values[n] or n in loose.get(key[0], ()) for n, v in enumerate(row)):
                wrong.append(f"{key}: {row} has what nobody wrote")
        return wrong

    def made_up(
        self, rows: Mapping[Key, Row], keys: Iterable[Key], loose: Loose = NOTHING
    ) -> list[str]:
        """Of each key that holds a row that no effect left there."""
        return [
            f"{key}: {rows.get(key)} is what nobody wrote"
            for key in keys
            if not any(alike(e.row, rows.get(key), loose.get(key[0], ())) for e in self.on(key))
        ]

    def unaccounted(
        self,
        rows: Mapping[Key, Row],
        lost: Collection[Lost],
        marks_lost: Collection[tuple[str, str | None]] = (),
    ) -> list[Effect]:
        """Effects that are neither visible, nor seen by a successor that is, nor recorded.

        A row that a repair changed is known by its mark. Two effects that leave the same behind
        are one.

        Args:
            rows: what is there.
            lost: conflict records.
            marks_lost: tables and marks of rows that lost, where rows are put together.
        """
        marks = {(key[0], mark) for key, row in rows.items() for mark in row}
        recorded = set(lost)
        kept = {
            e.number
            for e in self.effects
            if rows.get(e.key) == e.row
            or (e.row is not None and (e.key[0], e.mark) in marks)
            or (e.key, e.row, e.version[1]) in recorded
            or (e.key[0], e.mark) in marks_lost
            or e.key[1] is None
        }
        by_number = {e.number: e for e in self.effects}
        queue = sorted(kept)
        while queue:
            effect = by_number[queue.pop()]
            more = effect.saw - kept
            kept |= more
            queue += more
        told = {(e.key, e.row) for e in self.effects if e.number in kept}
        return [e for e in self.effects if e.number not in kept and (e.key, e.row) not in told]


def alike(one: Row | None, other: Row | None, loose: Collection[int]) -> bool:
    """Whether two rows are the same, but for what is at some places."""
    if one is None or other is None:
        return one is other
    pairs = enumerate(zip(one, other, strict=True))
    return all(mine == theirs for n, (mine, theirs) in pairs if n not in loose)


def is_shown(xid: int, snapshot: str | None) -> bool:
    """Whether a transaction is visible in a pg_snapshot ("xmin:xmax:in,progress")."""
    if snapshot is None:
        return False
    first, end, running = snapshot.split(":")
    return xid < int(first) or (xid < int(end) and str(xid) not in running.split(","))


def describe(effects: Sequence[Effect]) -> str:
    """A line for each."""
    return "\n".join(f"  {e.number} {e.key} {e.version} {e.row} saw {set(e.saw)}" for e in effects)
