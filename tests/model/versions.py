"""Versions, states, and who knew what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from tests.model.schema import Key, Row


class Version(NamedTuple):
    """Totally ordered but for repairs, which two sites can make alike."""

    stamp: int
    site: int
    repair: int


OLDEST = Version(-1, -1, 0)
"""Ranks what is forgotten: every site is known to have it."""


@dataclass(frozen=True)
class Seen:
    """What a site had when it wrote or sent something.

    Attributes:
        vector: by site, the last of its transactions that had arrived.
        parked: keys whose state had arrived but was not shown there.
    """

    vector: Mapping[int, int] = field(default_factory=dict)
    parked: frozenset[Key] = frozenset()


NOTHING = Seen()
"""Of a repair until all that it entails is done: what it breaks, its maker has yet to mend."""


@dataclass(frozen=True, slots=True)
class State:
    """What a key is, at some version: a row, or none.

    Attributes:
        version: None where it is forgotten.
        source: the transaction that made it: site, and its number there.
        seen: what its maker had seen.
        write: its number in the ledger of the test.
        merged: the key that kept the unique value for which this row was removed.
    """

    key: Key
    version: Version | None
    row: Row | None
    source: tuple[int, int]
    seen: Seen
    write: int
    merged: Key | None = None

    def rank(self, digest: bool) -> tuple[Version, str]:
        version = self.version or OLDEST
        return version, f"{sorted(self.row.items()) if self.row else ''}{self.merged}" * digest


@dataclass(frozen=True, slots=True)
class Truncate:
    """Every row of the table that is older. `writes`: of the rows that it removed, by key."""

    table: str
    version: Version
    source: tuple[int, int]
    seen: Seen
    write: int
    writes: Mapping[Key, int]

    def state(self, key: Key) -> State:
        """What it makes of a key."""
        write = self.writes.get(key, self.write)
        return State(key, self.version, None, self.source, self.seen, write)


def knew(maker: State, other: State) -> bool:
    """Whether the maker of one state had another and was able to see it."""
    if maker.seen is NOTHING or {maker.key, other.key} & maker.seen.parked:
        return False
    if other.version is None:
        return True
    site, number = other.source
    return maker.seen.vector.get(site, 0) >= number
