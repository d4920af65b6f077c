"""What a policy prefers is written as a repair: the same everywhere; nothing seen comes back."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest

from tests.model.policies import Content, Policy, PolicySite, Rules, Sent, Write

SEEDS = range(1500)


def by_site(sites: list[int]) -> Policy:
    """The first of these sites; of one site its write, which is later than what was kept of it."""

    def prefer(later: Write, earlier: Write, _me: int) -> tuple[Content, int]:
        first = min((later, earlier), key=lambda w: (sites.index(w.version.site), w.version.repair))
        return first.content, first.version.site

    return prefer


def union(later: Write, earlier: Write, me: int) -> tuple[Content, int]:
    """A hook that merges. What it makes is its maker's."""
    return later.content | earlier.content, me


def moody(rng: random.Random) -> Policy:
    """A hook that does not answer alike when it is asked again."""

    def prefer(later: Write, earlier: Write, me: int) -> tuple[Content, int]:
        both = later.content | earlier.content
        return rng.choice([both, later.content, earlier.content, frozenset[int]()]), me

    return prefer


def nobodys(policy: Policy) -> Policy:
    """The same, but what it makes is that of the later of the two."""
    return lambda later, earlier, me: (policy(later, earlier, me)[0], later.version.site)


@dataclass
class Mesh:
    """A random history."""

    seed: int
    rules: Rules
    kind: str
    writes: list[Write] = field(default_factory=list)
    clock: int = 100

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)
        numbers = range(self.rng.randint(2, 4))
        self.order = self.rng.sample(numbers, len(numbers))
        policy = {
            "site": by_site(self.order), "union": union, "moody": moody(self.rng),
            "nobody's": nobodys(moody(self.rng)),
        }[self.kind]  # fmt: skip
        self.sites = [PolicySite(n, numbers, policy, self.rules) for n in numbers]
        self.links = [(a, b) for a in self.sites for b in self.sites if a is not b]
        self.under_way: list[tuple[PolicySite, Sent]] = []

    def run(self) -> None:
        writes = self.rng.choice([2, 2, 3, 6])
        for _ in range(self.rng.randint(10, 60)):
            self.clock += self.rng.randrange(3)
            if self.rng.random() < 0.2 and len(self.writes) < writes:
                clock = self.clock + self.rng.choice([0, -20, 20])
                site = self.rng.choice(self.sites)
                self.writes.append(site.write(len(self.writes), clock))
            elif self.rng.random() < 0.5:
                self.begin(*self.rng.choice(self.links))
            elif self.under_way:
                self.arrive(self.rng.randrange(len(self.under_way)))
        for _ in range(10):
            for link in self.rng.sample(self.links, len(self.links)):
                self.begin(*link)
            while self.under_way:
                self.arrive(self.rng.randrange(len(self.under_way)))

    def begin(self, origin: PolicySite, target: PolicySite) -> None:
        self.under_way.append((target, origin.cut(target.position.get(origin.number, 0))))

    def arrive(self, place: int) -> None:
        target, batch = self.under_way[place]
        if self.rng.random() < 0.9:
            del self.under_way[place]
        target.apply(batch)

    def verdict(self) -> str:
        row = self.sites[0].row
        if any(s.row != row for s in self.sites):
            return "diverged"
        if any(s.log for s in self.sites):
            return "not forgotten"
        if self.kind not in ("site", "union"):
            return ""
        seen = {w for write in self.writes for w in write.behind - write.content}
        heads = [w for w in self.writes if not w.content <= seen]
        if len(heads) == 1 and not heads[0].content <= row:
            return "what was seen came back"
        if len(heads) == 2 == len(self.writes):
            first = min(heads, key=lambda w: self.order.index(w.version.site))
            kept = heads if self.kind == "union" else [first]
            return "" if all(w.content <= row for w in kept) else "not as preferred"
        return ""


def failures(
    rules: Rules, until: str = "", kinds: Sequence[str] = ("union", "site", "moody", "site")
) -> dict[str, list[int]]:
    """Seeds by what went wrong, up to the first that goes wrong in this way."""
    found: dict[str, list[int]] = {}
    for seed in SEEDS:
        mesh = Mesh(seed, rules, kinds[seed % len(kinds)])
        mesh.run()
        if why := mesh.verdict():
            found.setdefault(why, []).append(seed)
            if why == until:
                break
    return found


def test_sites_end_the_same_with_what_the_policy_prefers() -> None:
    assert failures(Rules()) == {}


@pytest.mark.parametrize(
    ("without", "why"),
    [
        (Rules(above=False), "diverged"),
        (Rules(parts=False), "what was seen came back"),
        (Rules(later=False), "what was seen came back"),
        (Rules(hearsay=False), "what was seen came back"),
        (Rules(beyond=False), "diverged"),
    ],
)
def test_each_rule_is_needed(without: Rules, why: str) -> None:
    assert why in failures(without, why)


def test_what_a_hook_makes_is_that_of_its_maker() -> None:
    """With its own version, it takes no digest to tell two answers apart."""
    assert failures(Rules(digest=False), kinds=["moody"]) == {}
    assert "diverged" in failures(Rules(digest=False), "diverged", ["nobody's"])
