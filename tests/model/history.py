"""Random histories: users write, links are cut and slow, batches come twice; then all heals."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from tests.model.ledger import Ledger
from tests.model.rules import ALL, Rules
from tests.model.schema import Key, Row, Schema
from tests.model.site import Batch, Site, accept_all
from tests.model.workload import Work, base_schema

ROUNDS_MAX = 60


class BrokenError(AssertionError):
    """What must hold does not."""


@dataclass(frozen=True)
class Plan:
    """What may happen in a history.

    Attributes:
        truncates: how many of a hundred transactions are a TRUNCATE.
        removes: whether sites are removed for good.
        key_changes: how often an UPDATE may change the key.
        refusals: whether a site may refuse rows, or changes of whole tables, for a while.
    """

    schema: Callable[[random.Random], Schema] = base_schema
    sites: tuple[int, ...] = (2, 3, 4)
    steps: tuple[int, int] = (20, 170)
    truncates: int = 0
    removes: bool = False
    key_changes: float = 0
    refusals: bool = False
    statements_max: int = 3


class World:
    """Sites and the links between them."""

    def __init__(self, seed: int, plan: Plan, rules: Rules) -> None:
        self.rng = rng = random.Random(seed)
        self.plan, self.rules, self.ledger, self.clock = plan, rules, Ledger(), 100
        self.schema = plan.schema(rng)
        numbers = range(1, rng.choice(plan.sites) + 1)
        self.sites = {n: Site(n, self.schema, rules, self.ledger) for n in numbers}
        for site in self.sites.values():
            site.peers = set(numbers) - {site.number}
            site.skew = rng.choice([0, 0, 50, -50])
        self.links = [(a, b) for a in numbers for b in numbers if a != b]
        self.under_way: dict[tuple[int, int], list[Batch]] = {link: [] for link in self.links}
        self.cut: set[tuple[int, int]] = set()
        self.work = Work(self.schema, rng, plan.statements_max, plan.key_changes)

    def step(self) -> None:
        """One thing happens."""
        self.clock += self.rng.randrange(3)
        site = self.rng.choice(list(self.sites.values()))
        link = self.rng.choice(self.links)
        kind = self.rng.random()
        if kind < 0.42:
            self._transaction(site)
        elif kind < 0.5:
            self.cut ^= {link}
        elif kind < 0.52:
            site.skew = self.rng.choice([0, 50, -50])
        elif kind < 0.54:
            site.retry()
        elif kind < 0.545 and self.plan.removes and len(self.sites) > 2:
            self._remove(site.number)
            return
        elif kind < 0.56 and self.plan.refusals:
            value = self.rng.randrange(3)
            site.refuses = self.rng.choice([accept_all, lambda _, r: r.get("w") == value])
            site.held = set(self.rng.sample(list(self.schema.tables), self.rng.randrange(2)))
        elif link in self.cut:
            return
        elif kind < 0.78:
            self._begin(link)
        else:
            self._arrive(link, lasts=self.rng.random() < 0.15)
        self.check(site)
        self.check(self.sites[link[1]])

    def _transaction(self, site: Site) -> None:
        if self.rng.randrange(100) < self.plan.truncates:
            tables = [self.rng.choice(list(self.schema.tables))]
            for table in tables:
                tables += [c.name for c, _ in self.schema.children[table] if c.name not in tables]
            site.truncate(tables, self.clock)
        else:
            self.work.run(site, self.clock)

    def _remove(self, number: int) -> None:
        """A site burns down, and every other one is told to go on without it."""
        del self.sites[number]
        self.links = [link for link in self.links if number not in link]
        for site in self.sites.values():
            site.remove(number)
        lost = {n for n in range(1, 9) if n not in self.sites}
        self.ledger.burnt |= {w for w, s in self.ledger.made_at.items() if s in lost}

    def _begin(self, link: tuple[int, int]) -> None:
        origin, target = link
        since = self.sites[target].position.get(origin, 0)
        if len(self.under_way[link]) < 2:
            self.under_way[link].append(self.sites[origin].cut(since))

    def _arrive(self, link: tuple[int, int], lasts: bool) -> None:
        """A batch comes in, any of those under way; if it lasts, it will come again."""
        if found := self.under_way[link]:
            batch = self.rng.choice(found)
            if not lasts:
                found.remove(batch)
            self.sites[link[1]].apply(batch)

    def check(self, site: Site) -> None:
        """At every moment each site's rows are whole."""
        if broken := self.schema.broken(site.shown):
            raise BrokenError(f"site {site.number}: {broken}")

    def heal(self) -> None:
        """All links work, nobody writes: until nothing is remembered anywhere."""
        for site in self.sites.values():
            site.refuses = accept_all
            site.held = set()
        for _ in range(ROUNDS_MAX):
            for link in self.rng.sample(self.links, len(self.links)):
                self._begin(link)
            for link in self.rng.sample(self.links, len(self.links)):
                while self.under_way[link]:
                    self._arrive(link, lasts=False)
                    self.check(self.sites[link[1]])
            if all(s.idle() for s in self.sites.values()):
                return
        parked = {n: sorted(s.parked()) for n, s in self.sites.items() if s.parked()}
        raise BrokenError(f"parked for ever {parked}" if parked else "memory does not end")

    def verdict(self) -> None:
        """All sites hold the same rows, and no write was lost in silence."""
        first, *others = self.sites.values()
        for site in others:
            if site.shown != first.shown:
                raise BrokenError(f"diverged: {difference(first.shown, site.shown)}")
        final = [w for s in self.sites.values() for w in s.shows.values()]
        if lost := self.ledger.lost(final):
            raise BrokenError(f"lost in silence: {len(lost)}")


def difference(one: dict[Key, Row], other: dict[Key, Row]) -> list[Key]:
    """Keys that are not the same."""
    return [k for k in sorted({*one, *other}) if one.get(k) != other.get(k)]


def run(seed: int, plan: Plan | None = None, rules: Rules = ALL) -> World:
    """One history from its seed.

    Raises:
        BrokenError: what must hold does not.
        RuntimeError: repairs do not end.
    """
    world = World(seed, plan or Plan(), rules)
    low, high = world.plan.steps
    for _ in range(low + seed % (high - low)):
        world.step()
    world.heal()
    world.verdict()
    return world


def failures(seeds: Iterable[int], plan: Plan, rules: Rules = ALL) -> dict[str, list[int]]:
    """Seeds that fail, by the first words of the reason."""
    found: dict[str, list[int]] = {}
    for seed in seeds:
        try:
            run(seed, plan, rules)
        except (AssertionError, RuntimeError) as error:
            found.setdefault(str(error).split(":")[0][:40], []).append(seed)
    return found
