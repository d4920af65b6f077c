"""Column-wise merging: the same rows everywhere, and no constraint broken."""

import random
from dataclasses import dataclass

import pytest

from tests.model.merging import MergingSite, Rules, Sent

SEEDS = range(400)
EVERYDAY = Rules()


@dataclass
class Mesh:
    """Sites and links."""

    seed: int
    rules: Rules
    clock: int = 100
    merged_apart: bool = False

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        self.sites = [MergingSite(n, self.rules) for n in range(self.rng.randint(2, 4))]
        self.links = [(a, b) for a in self.sites for b in self.sites if a is not b]
        self.under_way: list[tuple[MergingSite, Sent]] = []

    def run(self) -> None:
        for _ in range(self.rng.randint(20, 120)):
            self.clock += self.rng.randrange(3)
            if self.rng.random() < 0.5:
                self.write(self.rng.choice(self.sites))
            elif self.rng.random() < 0.5:
                self.begin(*self.rng.choice(self.links))
            elif self.under_way:
                self.arrive(self.rng.randrange(len(self.under_way)))
        for _ in range(8):
            for link in self.rng.sample(self.links, len(self.links)):
                self.begin(*link)
            while self.under_way:
                self.arrive(self.rng.randrange(len(self.under_way)))

    def write(self, site: MergingSite) -> None:
        rng, key = self.rng, self.rng.randrange(3)
        shown, clock = site.shown(), self.clock + self.rng.choice([0, -20, 20])
        low = rng.randrange(5)
        span = (low, low + rng.randrange(5)) if self.rules.groups else (low,)
        spans = {"lohi": span} if self.rules.groups else {"lo": (low,), "hi": (low,)}
        if key not in shown:
            site.write(key, {"t": (rng.randrange(9),), **spans}, clock)
        elif (kind := rng.random()) < 0.3:
            site.write(key, {"t": (rng.randrange(9),)}, clock)
        elif kind < 0.6 and self.rules.groups:
            site.write(key, spans, clock)
        elif kind < 0.6:  # one of the two, as its own site's row allows
            (lo,), (hi,) = shown[key]["lo"], shown[key]["hi"]
            change = rng.choice(
                [{"lo": (hi - rng.randrange(3),)}, {"hi": (lo + rng.randrange(3),)}]
            )
            site.write(key, change, clock)
        elif kind < 0.85:
            site.write(key, {"t": (rng.randrange(9),), **spans}, clock)
        else:
            site.delete(key, clock)

    def begin(self, origin: MergingSite, target: MergingSite) -> None:
        self.under_way.append((target, origin.cut(target.position.get(origin.number, 0))))

    def arrive(self, place: int) -> None:
        target, batch = self.under_way[place]
        if self.rng.random() < 0.9:
            del self.under_way[place]
        target.apply(batch)

    def verdict(self) -> str:
        first = self.sites[0].shown()
        if any(s.shown() != first for s in self.sites):
            return "diverged"
        for row in first.values():
            low, high = row["lohi"] if self.rules.groups else (*row["lo"], *row["hi"])
            if low > high:
                return "CHECK broken"
        return ""


def failures(rules: Rules, seeds: range = SEEDS) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for seed in seeds:
        mesh = Mesh(seed, rules)
        mesh.run()
        if why := mesh.verdict():
            found.setdefault(why, []).append(seed)
    return found


def test_rows_merged_by_groups_end_the_same() -> None:
    assert failures(EVERYDAY) == {}


@pytest.mark.parametrize(
    ("without", "why"),
    [
        (Rules(groups=False), "CHECK broken"),
        (Rules(revive=False), "diverged"),
    ],
)
def test_each_rule_is_needed(without: Rules, why: str) -> None:
    assert why in failures(without)
