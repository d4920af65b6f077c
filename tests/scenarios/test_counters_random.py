"""Random additions, inserts and deletes at three sites with cut links, by seed.

What is added is written down with the base that it was added to, as the site has it then: of the
base that stays in the end, all that was added must be in the value, once.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import pytest

from tests.kit import Mesh, Site, make_mesh
from tests.scenarios.counters import up_counted
from tests.scenarios.steps import SOAK, assert_whole, rows_of

pytestmark = pytest.mark.timeout(300)

KEYS = 6
WRITES = 250 if SOAK else 60
BASE = (
    "select c.base_stamp::text, c.base_site, (c.start ->> 'n')::numeric, c.gone"
    " from bondreplicate.replicate_counter as c"
    " join bondreplicate.replicate_tables as t on t.id = c.tab"
    " where t.table_name = %s and c.key = array[%s::text]"
)


@dataclass
class Ledger:
    """By key and base, what was added."""

    added: dict[tuple[Any, ...], int] = field(default_factory=dict)

    def add(self, key: int, base: tuple[Any, ...], amount: int) -> None:
        self.added[key, *base[:2]] = self.added.get((key, *base[:2]), 0) + amount

    def check(self, site: Site, table: str, key: int, value: int) -> None:
        [base] = site.query(BASE, [table, key])
        assert not base[3], f"row {key} counts as deleted"
        assert value == base[2] + self.added.get((key, *base[:2]), 0), f"row {key}"


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), proxies=True)
    made = "create table {} (id int primary key, what text, n int not null {})"
    up_counted(mesh, f"{made.format('r', '')};{made.format('c', 'check (n >= 0)')}", "r", "c")
    yield mesh
    mesh.end()


def write(mesh: Mesh, rng: random.Random, table: str, key: int, nth: int, ledger: Ledger) -> None:
    """One statement at one site, which knows what has come there by now."""
    site, kind = rng.choice(mesh.sites), rng.random()
    if kind < 0.1:
        site.execute(f"delete from {table} where id = %s", [key])
    elif kind < 0.2:
        sql = f"insert into {table} values (%s, %s, %s) on conflict do nothing"
        site.execute(sql, [key, f"i{nth}", rng.randrange(10)])
    elif kind < 0.3:
        site.execute(f"update {table} set what = %s where id = %s", [f"u{nth}", key])
    else:
        add(site, table, key, rng.choice((-3, -2, -1, 1, 2, 3)), f"a{nth}", ledger)


def add(site: Site, table: str, key: int, amount: int, what: str, ledger: Ledger) -> None:
    """Add to a row, if the site has it and its CHECK allows it."""
    sql = f"update {table} set n = n + %s, what = %s where id = %s"
    with psycopg.connect(site.dsn) as user:
        try:
            added = user.execute(sql, [amount, what, key]).rowcount
        except psycopg.errors.CheckViolation:
            return
        # While the row is held, its base stays.
        base = user.execute(BASE, [table, key]).fetchone()
    if added and base:
        ledger.add(key, base, amount)


@pytest.mark.parametrize("seed", range(20 if SOAK else 1))
@pytest.mark.parametrize("table", ["r", pytest.param("c", marks=pytest.mark.soak)])
def test_of_the_base_that_stays_each_addition_counts_once(
    mesh: Mesh, seed: int, table: str
) -> None:
    rng, ledger = random.Random(seed), Ledger()
    try:
        for nth in range(WRITES):
            if rng.random() < 0.15:
                flows = rng.choice(list(mesh.proxies.values())).flows
                flows.clear() if flows.is_set() and rng.random() < 0.7 else flows.set()
            write(mesh, rng, table, seed * 100 + rng.randrange(KEYS), nth, ledger)
    finally:
        for proxy in mesh.proxies.values():
            proxy.flows.set()
    if table == "c":  # what is refused waits until there is enough
        for key in range(seed * 100, seed * 100 + KEYS):
            for site in mesh:
                add(site, table, key, 1000, "enough", ledger)
    assert_whole(mesh, rounds=1)
    for key, _, value in rows_of(mesh, table):
        if key // 100 == seed:
            ledger.check(mesh[1], table, key, value)
