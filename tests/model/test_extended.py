"""What goes beyond the base, each kind of table and trouble by random histories."""

from dataclasses import replace

import pytest

from tests.model.history import Plan, failures
from tests.model.rules import ALL
from tests.model.workload import composite_schema, random_schema, spans_schema

PLANS = {
    "truncate": Plan(truncates=6),
    "refused": Plan(refusals=True),
    "truncate and refused": Plan(truncates=12, refusals=True),
    "chains and cycles": Plan(random_schema),
    "all at once": Plan(random_schema, truncates=6, refusals=True),
    "keys change": Plan(random_schema, key_changes=0.3),
    "spans": Plan(spans_schema),
    "composite": Plan(composite_schema),
    "composite, keys change": Plan(composite_schema, key_changes=0.3),
    "removed": Plan(sites=(3, 4), removes=True),
}


@pytest.mark.parametrize("name", PLANS)
def test_random_histories_end_the_same(name: str) -> None:
    assert failures(range(120), PLANS[name]) == {}


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", PLANS)
def test_many_random_histories_end_the_same(name: str) -> None:
    assert failures(range(10_000), PLANS[name]) == {}


@pytest.mark.parametrize(
    ("without", "name", "seeds"),
    [
        (["cascade_spares"], "chains and cycles", [23, 48]),
        (["refuse_like_server"], "chains and cycles", [23, 74, 84]),
        (["give_up"], "chains and cycles", [536]),
        (["remember_parked", "keep_vector"], "refused", [19, 78, 94]),
        (["send_on"], "removed", [95, 136]),
    ],
)
def test_each_rule_is_needed(without: list[str], name: str, seeds: list[int]) -> None:
    """Seeds that fail without it; where the workload changes, look from 0 upwards."""
    rules = replace(ALL, **dict.fromkeys(without, False))
    assert failures(seeds, PLANS[name], rules) or failures(range(600), PLANS[name], rules)
