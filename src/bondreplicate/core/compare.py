"""Two tables compared: which buckets differ, which keys differ, and when a difference is real."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

Key = tuple[str, ...]
"""Text of each key column."""

Bucket = tuple[int, int, int]
"""Rows, and two halves of an order-independent digest."""

BUCKETS_MIN, BUCKETS_MAX, BYTES_PER_BUCKET = 256, 65_536, 65_536


def plan_buckets(table_bytes: int) -> int:
    """Into how many buckets the rows of a table are put: some hundred rows in each."""
    return min(BUCKETS_MAX, max(BUCKETS_MIN, table_bytes // BYTES_PER_BUCKET))


def differing_buckets(here: Mapping[int, Bucket], there: Mapping[int, Bucket]) -> list[int]:
    """The buckets whose content is not the same."""
    return sorted(b for b in here.keys() | there.keys() if here.get(b) != there.get(b))


@dataclass(frozen=True)
class Row:
    """A row by its digests. `order` sorts alike everywhere and is unique in a table."""

    order: str
    key: Key
    digest: str


def differing_keys(here: Iterable[Row], there: Iterable[Row]) -> Iterator[Key]:
    """Keys with another row, or none, on the other side; both sides sorted by `order`."""
    left, right = iter(here), iter(there)
    a, b = next(left, None), next(right, None)
    while a is not None or b is not None:
        if b is None or (a is not None and a.order < b.order):
            assert a is not None
            yield a.key
            a = next(left, None)
        elif a is None or b.order < a.order:
            yield b.key
            b = next(right, None)
        else:
            if a.digest != b.digest:
                yield a.key
            a, b = next(left, None), next(right, None)


@dataclass(frozen=True)
class Seen:
    """A row on one side, looked up by its key; `parked`: why a change of it is parked there."""

    digest: str | None
    in_flight: bool
    parked: str | None


@dataclass(frozen=True)
class Difference:
    """A key whose row is not the same: missing here, missing there, different."""

    key: Key
    kind: str
    parked: str | None = None


@dataclass(frozen=True)
class Unsettled:
    """How many keys differ still, and neither side will say that it is final.

    leaving: changes here that are not applied there. coming: changes there that are not applied
    here. changing: neither, but no two looks saw the same. A key may be leaving and coming.
    """

    keys: int = 0
    leaving: int = 0
    coming: int = 0
    changing: int = 0


def decide_kind(here: Seen, there: Seen) -> str:
    """In which way two rows that are not the same differ."""
    if here.digest is None:
        return "missing here"
    return "missing there" if there.digest is None else "different"


class Suspects:
    """Keys that differed, until each is cleared or proved.

    A difference is proved when two looks, one after the other, saw the same two rows, with no
    change of that key on its way and none parked: what is on its way will make them the same.
    """

    def __init__(self, keys: Iterable[Key]) -> None:
        self.open: dict[Key, tuple[Seen, Seen] | None] = dict.fromkeys(keys)
        self.proved: list[Difference] = []

    def look(self, key: Key, here: Seen, there: Seen) -> None:
        """Take in what a look at both sides has shown."""
        before = self.open[key]
        if here.digest == there.digest:
            del self.open[key]
        elif before == (here, there) and not self._may_change(here, there):
            del self.open[key]
            self.proved.append(Difference(key, decide_kind(here, there)))
        else:
            self.open[key] = (here, there)

    @staticmethod
    def _may_change(here: Seen, there: Seen) -> bool:
        return bool(here.in_flight or there.in_flight or here.parked or there.parked)

    def close(self) -> Unsettled:
        """Time is over: parked changes are differences; the keys that differ still are counted."""
        left: list[tuple[Seen, Seen] | None] = []
        for key, looks in self.open.items():
            parked = looks and (looks[0].parked or looks[1].parked)
            if looks and parked:
                self.proved.append(Difference(key, decide_kind(*looks), parked))
            else:
                left.append(looks)
        self.open.clear()
        leaving = [bool(looks and looks[0].in_flight) for looks in left]
        coming = [bool(looks and looks[1].in_flight) for looks in left]
        moving = sum(a or b for a, b in zip(leaving, coming, strict=True))
        return Unsettled(len(left), sum(leaving), sum(coming), len(left) - moving)
