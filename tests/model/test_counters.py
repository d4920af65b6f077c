"""Counters: the same values everywhere, each addition once."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.model.counters import Batch, CountingSite, Rules
from tests.model.versions import Version

SEEDS = range(800)
KEYS = 2


@dataclass
class Mesh:
    """Sites, links, and what was added to which base."""

    seed: int
    rules: Rules
    added: dict[tuple[int, Version], int] = field(default_factory=dict)
    start: dict[tuple[int, Version], int] = field(default_factory=dict)
    deleted: set[tuple[int, Version]] = field(default_factory=set)
    clock: int = 100

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.sites = [CountingSite(n, self.rules) for n in range(self.rng.randint(2, 4))]
        self.links = [(a, b) for a in self.sites for b in self.sites if a is not b]
        self.under_way: list[tuple[CountingSite, Batch]] = []

    def run(self) -> None:
        rng = self.rng
        for _ in range(rng.randint(20, 160)):
            self.clock += rng.randrange(3)
            kind = rng.random()
            if kind < 0.36:
                self.write(rng.choice(self.sites))
            elif kind < 0.58:
                self.begin(*rng.choice(self.links))
            elif kind < 0.82 and self.under_way:
                self.arrive(rng.randrange(len(self.under_way)))
            elif kind < 0.9:
                rng.choice(self.sites).refuses ^= {rng.randrange(KEYS)}
            else:
                rng.choice(self.sites).forget(len(self.sites))
        for site in self.sites:
            site.refuses = set()
        for _ in range(6):
            for link in rng.sample(self.links, len(self.links)):
                self.begin(*link)
            while self.under_way:
                self.arrive(rng.randrange(len(self.under_way)))

    def write(self, site: CountingSite) -> None:
        rng, key = self.rng, self.rng.randrange(KEYS)
        clock = self.clock + rng.choice([0, -20, 20])
        if key not in site.shown():
            begun = rng.randrange(100)
            base = site.insert(key, rng.randrange(9), begun, clock)
            self.start[key, base] = begun
        elif (kind := rng.random()) < 0.2:
            site.update(key, rng.randrange(9), clock)
        elif kind < 0.3:
            site.touch(key)
        elif kind < 0.8:
            amount = rng.choice([-3, -2, -1, 1, 2, 3])
            base = site.add(key, amount, clock)
            self.added[key, base] = self.added.get((key, base), 0) + amount
        else:
            self.deleted.add((key, site.counts[key].base))
            site.delete(key, clock)

    def begin(self, origin: CountingSite, target: CountingSite) -> None:
        position = target.position.get(origin.number, 0)
        # Now and then all again, to a target that has it.
        since = position if self.rng.random() < 0.8 else 0
        self.under_way.append((target, origin.cut(since)))

    def arrive(self, place: int) -> None:
        target, batch = self.under_way[place]
        if self.rng.random() < 0.9:
            del self.under_way[place]
        target.apply(batch)

    def verdict(self) -> str:
        first = self.sites[0]
        if any(s.shown() != first.shown() for s in self.sites):
            return "diverged"
        for key, (_, value) in first.shown().items():
            base = first.counts[key].base
            if value != self.start[key, base] + self.added.get((key, base), 0):
                return "not added once"
            lost = {b for b in self.added if b[0] == key and b[1] < base} - self.deleted
            if not lost <= set().union(*(s.told for s in self.sites)):
                return "lost without a word"
        return ""


def failures(rules: Rules, seeds: Sequence[int] = SEEDS) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for seed in seeds:
        mesh = Mesh(seed, rules)
        try:
            mesh.run()
            why = mesh.verdict()
        except KeyError:
            why = "a row without its count"
        if why:
            found.setdefault(why, []).append(seed)
    return found


def test_counters_end_the_same_with_each_addition_once() -> None:
    assert failures(Rules()) == {}


@pytest.mark.parametrize(
    ("without", "why", "seeds"),
    [
        (Rules(add_up=False), "not added once", SEEDS),
        (Rules(by_base=False), "not added once", SEEDS),
        (Rules(by_changes=False), "diverged", SEEDS),
        (Rules(all_totals=False), "diverged", SEEDS),
        (Rules(with_deletes=False), "diverged", SEEDS),
        (Rules(outlive=False), "diverged", SEEDS),
        (Rules(parked_keep=False), "diverged", (2885, 9378)),
    ],
)
def test_each_rule_is_needed(without: Rules, why: str, seeds: Sequence[int]) -> None:
    assert why in failures(without, seeds)


@pytest.mark.soak
def test_twenty_thousand_histories() -> None:
    assert failures(Rules(), range(20_000)) == {}
