"""Policies per table, as a small model of its own: one row, whose preferred content is a repair.

A preference of sites is no total order of writes, so versions go on deciding. Where two sites have
changed the row, neither having seen the other, and the policy prefers another content than that of
the later version, it is written anew, above both. That is done by who made one of the two, when the
other comes from its maker: others cannot tell well enough what had been seen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from tests.model.versions import Version

Content = frozenset[int]


@dataclass(frozen=True)
class Write:
    """What the row is at some version: `content`, made by `source` as its `number`th.

    behind: for the test: writes of users that were seen, or decided against.
    """

    version: Version
    content: Content
    source: int
    number: int
    behind: frozenset[int]
    local: int = 0

    def rank(self, digest: bool) -> tuple[Version, list[int]]:
        """At equal versions a digest of the row decides."""
        return self.version, sorted(self.content) if digest else []


Policy = Callable[[Write, Write, int], tuple[Content, int]]
"""Of the later and the earlier of two, what a site says that is to stay, and whose that is."""


@dataclass
class Rules:
    """Each can be left out.

    Attributes:
        above: what the policy prefers is a new state, above both; else: it is just shown.
        parts: who has seen what a repair was made of has made it too, or decided otherwise.
        later: a write that is later than a repair stays: its maker may have seen all of it.
        hearsay: where a third site may have told of what comes, the later stays.
        beyond: clocks go on from above the repairs that others may make.
    digest: at equal versions that of the row decides.
    """

    above: bool = True
    parts: bool = True
    later: bool = True
    hearsay: bool = True
    beyond: bool = True
    digest: bool = True


@dataclass(frozen=True)
class Sent:
    """A batch: what its origin had seen, and the row as it is there."""

    origin: int
    since: int
    upto: int
    vector: Mapping[int, int]
    state: Write | None


@dataclass
class PolicySite:
    """One row, what is remembered of it, and what others are known to have."""

    number: int
    everyone: range
    policy: Policy
    rules: Rules
    row: Content = frozenset()
    behind: frozenset[int] = frozenset()
    log: list[Write] = field(default_factory=list)
    position: dict[int, int] = field(default_factory=dict)
    vectors: dict[int, Mapping[int, int]] = field(default_factory=dict)
    last: int = 0
    floor: int = 0
    repairs: int = 0

    def _rank(self, write: Write) -> tuple[Version, list[int]]:
        return write.rank(self.rules.digest)

    def write(self, name: int, clock: int) -> Write:
        """A user changes the row."""
        self.floor = max(self.floor, clock)
        version = Version(self.floor, self.number, 0)
        self.floor += 1
        made = self._make(version, frozenset({name}), self.behind | {name})
        self._keep(made)
        return made

    def _make(self, version: Version, content: Content, behind: frozenset[int]) -> Write:
        return Write(version, content, self.number, self.last + 1, behind)

    def _keep(self, made: Write) -> None:
        self.last += 1
        self.log.append(replace(made, local=self.last))
        self.row, self.behind = made.content, self.behind | made.behind

    def cut(self, since: int) -> Sent:
        """A batch for a target that has this site up to `since`: the row, if it changed here."""
        unsent = any(w.local > since and w.source == self.number for w in self.log)
        state = replace(max(self.log, key=self._rank), behind=self.behind) if unsent else None
        return Sent(self.number, since, self.last, dict(self.position), state)

    def apply(self, batch: Sent) -> None:
        """Merge a batch; one that does not begin at the position is refused."""
        if batch.since != self.position.get(batch.origin, 0):
            return
        self.position[batch.origin], self.vectors[batch.origin] = batch.upto, batch.vector
        if batch.state is not None:
            self._merge(batch, batch.state)
        others = [o for o in self.everyone if o != self.number]
        self.log = [w for w in self.log if not all(
            o in self.vectors and _shows(o, self.vectors[o], w) for o in others)]  # fmt: skip

    def _merge(self, batch: Sent, new: Write) -> None:
        self.floor = max(self.floor, new.version.stamp + 1 + self.rules.beyond)
        here = max(self.log, key=self._rank, default=None)
        known = new.version in [w.version for w in self.log]
        clash = here is not None and not known and self._clash(batch, here, new)
        if here is None or self._rank(new) > self._rank(here):
            self._keep(new)
        self.behind |= new.behind
        if here is not None and clash:
            self._prefer(max(here, new, key=self._rank), min(here, new, key=self._rank))

    def _clash(self, batch: Sent, here: Write, new: Write) -> bool:
        """Whether the policy decides: neither was seen by the maker of the other."""
        rules, mended, mends = self.rules, here.version.repair > 0, new.version.repair > 0
        if here.source != self.number or new.source != batch.origin or (mended and mends):
            return False
        parts = [w for w in self.log if not w.version.repair] if mended and rules.parts else [here]
        if all(_shows(batch.origin, batch.vector, w) for w in parts) or (
            _shows(batch.origin, batch.vector, here)
        ):
            return False
        if mends and self._rank(here) > self._rank(new) and rules.later:
            return False
        others = {w.source for w in self.log} - {self.number, new.source}
        told = any(_shows(o, v, new) for o, v in self.vectors.items() if o != new.source)
        return not (others and told and rules.hearsay)

    def _prefer(self, later: Write, earlier: Write) -> None:
        content, site = self.policy(later, earlier, self.number)
        if content == later.content:
            return
        repair = max(later.version.repair, earlier.version.repair) + 1
        version = Version(later.version.stamp + 1, site, repair)
        if not self.rules.above:
            self.row = content
            return
        self.repairs += 1
        self.floor = max(self.floor, version.stamp + self.rules.beyond)
        self._keep(self._make(version, content, self.behind))


def _shows(origin: int, vector: Mapping[int, int], write: Write) -> bool:
    """Whether a site had a write, by what its batch says that it had."""
    return write.source == origin or vector.get(write.source, 0) >= write.number
