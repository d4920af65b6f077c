"""The state machine: what may happen to sites, in any order, and what must hold in the end."""

from __future__ import annotations

import random
from typing import Any, ClassVar

import psycopg
from hypothesis import HealthCheck, Phase, Verbosity, assume, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.random.meshes import Meshes, has_clocks, new_name
from tests.random.oracles import judge
from tests.random.player import Player, Step
from tests.random.script import Script
from tests.random.tables import first_rows, random_clash, random_schema, random_transaction

FAILPOINTS = (
    "extract_begun", "apply_begun", "apply_copied", "apply_staged",
    "apply_committed", "house_kept", "rotate_begun", "rotated",
)  # fmt: skip
OFFSETS = ("+1h", "-1h", "+10m", "-90s", "+0")
STEPS = 14
SITE = st.integers(0, 2)
SITES = st.lists(SITE, max_size=3)
RANDOM = st.randoms(use_true_random=True)


class Machine(RuleBasedStateMachine):
    """One history: tables, steps, and the verdict in `teardown`."""

    meshes: ClassVar[Meshes]
    scripts: ClassVar[list[Script]]
    failures: ClassVar[list[BaseException]]

    def __init__(self) -> None:
        super().__init__()
        self.player: Player | None = None
        self.sites = 0
        self.marks = 0

    @initialize(dice=st.integers(0, 999), rng=RANDOM, sites=st.sampled_from([2, 3]))
    def begin(self, dice: int, rng: random.Random, sites: int) -> None:
        """Make tables, and first rows that every site has."""
        if self.failures:  # Hypothesis looks again; sites are not that repeatable
            raise self.failures[0]
        assume(dice > 0)  # it begins with the simplest of all, which says nothing
        self.sites = sites
        clocks = has_clocks() and rng.random() < 0.12
        schema = random_schema(rng, sites)
        self.script = Script(sites, clocks, schema, [])
        self.scripts.append(self.script)
        self.player = Player(self.meshes.borrow(sites, clocks), schema, new_name())
        try:
            self.player.begin()
        except BaseException as error:
            self._fail(error)
            raise
        if rng.random() < 0.9:
            self.step("write", 1, True, first_rows(rng, schema))
            self.step("pause", rng.choice([0, 200, 400]))
        if rng.random() < 0.7:
            self.step("freeze")

    def _statements(self, rng: random.Random) -> list[str]:
        self.marks += 1
        return random_transaction(rng, self.script.schema, f"m{self.marks}")

    def step(self, *step: Any) -> None:
        """Do a step, and write it down first."""
        assert self.player is not None
        self.script.steps.append(list(step))
        try:
            self.player.play(list(step))
        except BaseException as error:
            self._fail(error)
            raise

    def _fail(self, error: BaseException) -> None:
        """Remember what went wrong first, and what a server that went away had to say."""
        self.failures.append(error)
        if isinstance(error, psycopg.OperationalError) and self.player:
            for site in self.player.mesh:
                self.player.note(f"{site}: {site.database.cluster.log_tail()}")

    def site(self, number: int) -> int:
        """A site by any number."""
        return number % self.sites + 1

    def link(self, origin: int, step: int) -> tuple[int, int]:
        """A link by any two numbers."""
        one = self.site(origin)
        return one, (one + step % (self.sites - 1)) % self.sites + 1

    @rule(sites=st.lists(SITE, min_size=1, max_size=4), rng=RANDOM)
    def write(self, sites: list[int], rng: random.Random) -> None:
        """A transaction here, one there."""
        self._write(sites, rng)

    @rule(sites=st.lists(SITE, min_size=2, max_size=5), rng=RANDOM)
    def write_apart(self, sites: list[int], rng: random.Random) -> None:
        """Transactions that know nothing of each other."""
        if not self._is_frozen():
            self.step("freeze")
        self._write(sites, rng)

    @rule(sites=st.permutations([0, 1, 2]), times=st.integers(1, 4), rng=RANDOM)
    def clash(self, sites: list[int], times: int, rng: random.Random) -> None:
        """What cannot stand together, at two sites that do not know of each other."""
        if not self._is_frozen():
            self.step("freeze")
        for _ in range(times):
            self.marks += 1
            halves = random_clash(rng, self.script.schema, f"m{self.marks}")
            for number, statements in zip(sites, halves, strict=False):
                site = self.site(number if self.sites > 2 else sites.index(number))
                self.step("write", site, False, statements)

    def _write(self, sites: list[int], rng: random.Random) -> None:
        for number in sites:
            self.step("write", self.site(number), rng.random() < 0.7, self._statements(rng))

    def _is_frozen(self) -> bool:
        return self.player is not None and self.player.is_frozen

    @rule(ms=st.integers(0, 100), sites=SITES, rng=RANDOM)
    def thaw(self, ms: int, sites: list[int], rng: random.Random) -> None:
        """Links work for a while, and users with them."""
        if self._is_frozen():
            self.step("thaw")
        self._write(sites, rng)
        self.step("pause", ms)

    @rule(order=st.permutations(list(range(6))), some=st.integers(1, 6), sites=SITES, rng=RANDOM)
    def deliver(self, order: list[int], some: int, sites: list[int], rng: random.Random) -> None:
        """Some links, one after the other; then somebody writes."""
        links = [self.link(n // 2, n % 2) for n in order[:some]]
        self.step("deliver", [list(link) for link in dict.fromkeys(links)])
        self._write(sites, rng)

    @rule(origin=SITE, by=SITE)
    def part(self, origin: int, by: int) -> None:
        """A link is cut, silently."""
        self.step("part", *self.link(origin, by))

    @precondition(lambda self: self.player is not None and self.player.parted)
    @rule(number=SITE)
    def join(self, number: int) -> None:
        """A link is back."""
        assert self.player is not None
        links = sorted(self.player.parted)
        self.step("join", *links[number % len(links)])

    @rule(origin=SITE, by=SITE, silent=st.booleans())
    def cut(self, origin: int, by: int, silent: bool) -> None:
        """Connections break, or the answer to a COMMIT is lost."""
        self.step("lose" if silent else "cut", *self.link(origin, by))

    @rule(number=SITE, failpoint=st.sampled_from([None, *FAILPOINTS]), sites=SITES, rng=RANDOM)
    def kill(
        self, number: int, failpoint: str | None, sites: list[int], rng: random.Random
    ) -> None:
        """A daemon dies, and starts again; users do not wait for it."""
        self.step("kill", self.site(number), failpoint)
        self._write(sites, rng)

    @rule(origin=SITE, by=SITE, sites=SITES, rng=RANDOM)
    def again(self, origin: int, by: int, sites: list[int], rng: random.Random) -> None:
        """What was delivered is delivered again."""
        self._write(sites, rng)
        self.step("again", *self.link(origin, by))

    @precondition(lambda self: self.player is not None and self.script.clocks)
    @rule(number=SITE, offset=st.sampled_from(OFFSETS))
    def clock(self, number: int, offset: str) -> None:
        """A clock is wrong, or steps."""
        self.step("clock", self.site(number), offset)

    def teardown(self) -> None:
        """Heal, and look."""
        if self.player is None:
            return
        whole = False
        try:
            self.player.heal()
            if not self.failures:
                self.script.used = judge(self.player)
                whole = True
        except BaseException as error:
            self._fail(error)
            raise
        finally:
            self.script.told = self.player.told
            self.player.end()
            if not whole:
                self.meshes.discard(self.sites, self.script.clocks)


def run(number: int, meshes: Meshes, steps: int = STEPS) -> Script:
    """The history of a seed; the same each time, but for what the sites refuse.

    Raises:
        AssertionError: Something does not hold; says how to play it again.
    """
    scripts: list[Script] = []
    failures: list[BaseException] = []
    kind = type("Machine", (Machine,), {"meshes": meshes, "scripts": scripts, "failures": failures})
    options = settings(
        max_examples=1,
        stateful_step_count=steps,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        verbosity=Verbosity.quiet,
        print_blob=False,
    )
    try:
        run_state_machine_as_test(seed(number)(kind), settings=options)
    except BaseException as error:
        error = failures[0] if failures else error
        script = scripts[-1] if scripts else None
        told = script.save(f"seed-{number}", error) if script else ""
        raise AssertionError(f"seed {number} (BOND_SEED={number} repeats it)\n{told}") from error
    return scripts[-1]


__all__ = ["Machine", "Step", "run"]
