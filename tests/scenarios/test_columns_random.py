"""Random writes of columns, inserts and deletes at three sites with cut links, by seed.

All clocks are one here, so a write's stamp follows the order of execution: each column has to end
with its latest writer, and a row is gone where nobody wrote it after its last deletion.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.columns import up_by_column
from tests.scenarios.steps import SOAK, assert_whole, rows_of

pytestmark = pytest.mark.timeout(300)

COLUMNS = ("a", "b", "c")
KEYS = 8
WRITES = 150 if SOAK else 80


@dataclass
class Expected:
    """What must be in the table: by key, the values written since the row was last deleted."""

    rows: dict[int, dict[str, str]] = field(default_factory=dict)

    def write(self, key: int, values: dict[str, str]) -> None:
        self.rows.setdefault(key, {}).update(values)

    def check(self, found: dict[int, dict[str, str]]) -> None:
        assert found.keys() == self.rows.keys()
        for key, values in self.rows.items():
            assert found[key] | values == found[key], f"row {key} is not {values}"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), proxies=True)
    up_by_column(mesh, "create table r (id int primary key, a text, b text, c text)", "r")
    yield mesh
    mesh.end()


def write(mesh: Mesh, rng: random.Random, key: int, nth: int, expected: Expected) -> None:
    """One statement at one site, which knows what has come there by now."""
    site, kind = rng.choice(mesh.sites), rng.random()
    values = {c: f"{c}{nth}" for c in rng.sample(COLUMNS, rng.choice((1, 1, 2)))}
    everything = {c: f"{c}{nth}" for c in COLUMNS}
    if kind < 0.12:
        if site.query("delete from r where id = %s returning 1", [key]):
            expected.rows.pop(key, None)
        return
    if kind < 0.25:
        sql = "insert into r values (%s, %s, %s, %s) on conflict do nothing returning 1"
        if site.query(sql, [key, *everything.values()]):
            expected.write(key, everything)
        return
    sets = ", ".join(f"{c} = '{v}'" for c, v in values.items())
    if site.query(f"update r set {sets} where id = %s returning 1", [key]):
        expected.write(key, values)


@pytest.mark.parametrize("seed", range(20 if SOAK else 1))
def test_each_column_has_its_latest_writer(mesh: Mesh, seed: int) -> None:
    rng, expected = random.Random(seed), Expected()
    base = seed * 100
    try:
        for nth in range(WRITES):
            if rng.random() < 0.15:
                flows = rng.choice(list(mesh.proxies.values())).flows
                flows.clear() if flows.is_set() and rng.random() < 0.7 else flows.set()
            write(mesh, rng, base + rng.randrange(KEYS), nth, expected)
    finally:
        for proxy in mesh.proxies.values():
            proxy.flows.set()
    assert_whole(mesh, rounds=1)
    found = {
        row[0]: dict(zip(COLUMNS, row[1:], strict=True))
        for row in rows_of(mesh, "r")
        if base <= row[0] < base + 100
    }
    expected.check(found)
