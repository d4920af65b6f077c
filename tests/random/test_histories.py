"""Random histories over real sites: a few every day, thousands in `make soak`."""

import os
import random
import time
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.random.machine import run
from tests.random.meshes import Meshes
from tests.scenarios.steps import SOAK

EVERY_DAY = (1, 2, 5)
HISTORIES = int(os.environ.get("BOND_HISTORIES", "2000"))
SEED = os.environ.get("BOND_SEED")
FAILURES_MAX = 20


@pytest.fixture(scope="module")
def meshes() -> Iterator[Meshes]:
    made = Meshes()
    yield made
    made.end()


@pytest.mark.parametrize("number", [int(SEED)] if SEED else EVERY_DAY)
def test_history(meshes: Meshes, number: int) -> None:
    run(number, meshes)


@pytest.mark.soak
@pytest.mark.timeout(24 * 3600)
@pytest.mark.skipif(not SOAK, reason="takes hours: make soak")
def test_histories_in_a_row(meshes: Meshes, capsys: pytest.CaptureFixture[str]) -> None:
    """As many as BOND_HISTORIES says, from a seed on; each that fails is told, and kept."""
    first = int(SEED or random.randrange(10**9))
    began, used, failures = time.monotonic(), Counter[str](), []
    for number in range(first, first + HISTORIES):
        try:
            used.update(run(number, meshes).used)
        except AssertionError as error:
            failures.append(f"{error}\n{error.__cause__}")
        done = number - first + 1
        pace = done / (time.monotonic() - began) * 60
        if done % 10 == 0 or done == HISTORIES:
            with capsys.disabled():
                print(
                    f"seeds {first} to {number}: {done} histories, {pace:.1f} per minute,"
                    f" {len(failures)} failed, {dict(used)}",
                    flush=True,
                )
        if len(failures) >= FAILURES_MAX:
            break
    assert not failures, "\n\n".join(failures)
