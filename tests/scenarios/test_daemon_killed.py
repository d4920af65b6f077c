"""Scenario 91: the daemon dies by kill -9 at every step, under load."""

import random
from collections.abc import Callable

import pytest

from tests.kit import Mesh, Site, checkers
from tests.kit.workloads import PRODUCTS, Writers
from tests.scenarios.watch import (
    AUDITED_SHOP,
    assert_applied_once,
    keep_audit_apart,
    watched_foreign_keys,
)

pytestmark = pytest.mark.timeout(300)

AT_WORK = (
    "extract_begun",
    "apply_begun",
    "apply_copied",
    "apply_staged",
    "apply_committed",
    "house_kept",
    "rotate_begun",
    "rotated",
)
AT_RECOVERY = (
    "installed",
    "identity_taken",
    "tables_followed",
    "extract_begun",
    "apply_committed",
    "house_kept",
)
ROUNDS = [1, pytest.param(20, marks=pytest.mark.soak)]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_s91_killed_at_every_step_under_load(
    new_mesh: Callable[..., Mesh], rng: random.Random, rounds: int
) -> None:
    mesh = new_mesh(setup_sql=AUDITED_SHOP + PRODUCTS, start=False)
    keep_audit_apart(mesh)
    mesh.start()
    with (
        watched_foreign_keys(mesh.dsns),
        Writers(mesh[1].dsn, rng.random(), threads=1, per_second=10) as one,
        Writers(mesh[2].dsn, rng.random(), threads=1, per_second=10) as two,
        Writers(mesh[3].dsn, rng.random(), threads=1, per_second=10) as three,
    ):
        for number in range(rounds * len(AT_WORK)):
            victim = mesh.sites[number % 3]
            step = AT_WORK[number % len(AT_WORK)]
            kill_at(victim, f"{step}:{rng.randint(1, 4)}", rng.choice(AT_RECOVERY))
    for victim in mesh:
        # Only when it has nothing else to send does a site send nothing but what it has applied.
        mesh.settle()
        victim.stop_daemon()
        victim.start_daemon(failpoint="news_told")
        mesh.sites[victim.number % 3].execute("update product set stock = stock + 1 where id = 1")
        victim.wait_failpoint()
        victim.start_daemon()
    mesh.assert_whole()
    told = [writers.outcome for writers in (one, two, three)]
    assert all(outcome.committed > 20 for outcome in told)
    acknowledged = set().union(*(outcome.acknowledged for outcome in told))
    checkers.assert_nothing_lost(mesh.dsns, "public.event", "id", acknowledged)
    assert mesh[1].value("select count(*) from event") == len(acknowledged)
    assert_applied_once(mesh)


def kill_at(victim: Site, step: str, next_step: str) -> None:
    """Kill a daemon at a step, then once more at another while it recovers; start it again."""
    victim.stop_daemon()
    for failpoint in (step, next_step):
        print(f"{victim} is to die at {failpoint}")
        victim.start_daemon(wait=False, failpoint=failpoint)
        victim.wait_failpoint(60)
    victim.start_daemon()
