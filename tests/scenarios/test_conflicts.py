"""Scenarios 29 to 38 and 61 to 79: what several sites, or one alone, write comes to one end.

All cases of a mesh are played together: parting it and letting it settle is what takes long.
"""

import itertools
from collections.abc import Iterator, Sequence

import pytest

from tests.kit import make_mesh
from tests.scenarios import (
    cases_families,
    cases_keys,
    cases_policies,
    cases_rows,
    cases_statements,
    cases_unique,
)
from tests.scenarios.cases import Case, Found, judge, play, setup_sql
from tests.scenarios.steps import Link

# The first test of an order waits for all of its cases.
pytestmark = pytest.mark.timeout(600)

CASES = [
    *cases_rows.CASES,
    *cases_keys.CASES,
    *cases_unique.CASES,
    *cases_families.CASES,
    *cases_statements.CASES,
    *cases_policies.CASES,
]
VERSIONS = {2: ("15", "18"), 3: ("18", "16", "15")}
LAST: Sequence[Link] = ((3, 1), (3, 2))


def arrivals() -> dict[str, Sequence[Link]]:
    """Orders in which the links open: of two sites, and all in which a third hears of both."""
    first = list(itertools.permutations([(1, 2), (2, 1)]))
    found: dict[str, Sequence[Link]] = {f"two_{n}": links for n, links in enumerate(first)}
    links: Sequence[Link] = ((1, 2), (2, 1), (1, 3), (2, 3))
    for n, order in enumerate(itertools.permutations(links)):
        found[f"three_{n}"] = (*order, *LAST)
    return found


ARRIVALS = arrivals()
EVERYDAY = ("three_9",)
RUNS = [
    pytest.param(name, id=name, marks=() if name in EVERYDAY else pytest.mark.soak)
    for name in ARRIVALS
]


@pytest.fixture(scope="module", params=RUNS)
def found(request: pytest.FixtureRequest) -> Iterator[dict[str, Found]]:
    sites = max(max(link) for link in ARRIVALS[request.param])
    cases = [case for case in CASES if case.sites <= sites]
    mesh = make_mesh(VERSIONS[sites], setup_sql(cases, request.param, sites), proxies=True)
    try:
        yield play(mesh, cases, request.param, ARRIVALS[request.param])
    finally:
        mesh.end()


@pytest.mark.parametrize("later", [1, 2], ids=["a_later", "b_later"])
@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_case(found: dict[str, Found], case: Case, later: int) -> None:
    schemas = [schema for schema in found if schema.startswith(case.schema(later, ""))]
    if not schemas:
        pytest.skip("is not played among so many sites")
    judge(case, later, found[schemas[0]])
