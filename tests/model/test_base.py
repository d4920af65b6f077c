"""The base: one parent, one child, unique values; and what each ingredient is good for."""

from dataclasses import replace

import pytest

from tests.model.history import Plan, failures
from tests.model.rules import ALL

PLAN = Plan()


def test_random_histories_end_the_same() -> None:
    assert failures(range(500), PLAN) == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_twenty_thousand_histories_end_the_same() -> None:
    assert failures(range(20_000), PLAN) == {}


@pytest.mark.parametrize(
    ("without", "seeds"),
    [
        ("digest", (16, 134)),
        ("floor", (8, 9)),
        ("send_repairs", (1, 9)),
        ("follow_merged", (14, 43)),
        ("forget_when_seen", (0, 8)),
        ("tell_parked", (49, 364)),
        ("log_set_null", (69, 84)),
    ],
)
def test_each_ingredient_is_needed(without: str, seeds: tuple[int, ...]) -> None:
    """Seeds that fail without it; a change of the workload needs others: look from 0 upwards."""
    found = failures(seeds, PLAN, replace(ALL, **{without: False}))
    assert found or failures(range(1000), PLAN, replace(ALL, **{without: False}))
