"""Random writes to parents, children and grandchildren at all sites, apart and together."""

import contextlib
import os
import random
from collections.abc import Sequence

import psycopg
import pytest

from tests.kit import Mesh, Site, make_mesh, pause
from tests.scenarios.steps import SOAK, assert_whole, parted, two_or_three, up

pytestmark = pytest.mark.timeout(300)

ACTIONS = ("", "on delete cascade", "on delete set null")
ROUNDS = 200 if SOAK else 3
STATEMENTS = (
    "insert into p{n} values ({i}, 'u{u}') on conflict do nothing",
    "delete from p{n} where id = {i}",
    "update p{n} set u = 'u{u}' where id = {i}",
    "insert into c{n} values ({i}, {j}) on conflict (id) do update set p = excluded.p",
    "update c{n} set p = {j} where id = {i}",
    "delete from c{n} where id = {i}",
    "insert into g{n} values ({i}, {j}) on conflict (id) do update set c = excluded.c",
    "delete from g{n} where id = {i}",
)


def write(site: Site, rng: random.Random) -> None:
    """A few statements; what a constraint of the site itself refuses does not count."""
    for _ in range(rng.randrange(1, 7)):
        values = {"n": rng.randrange(len(ACTIONS)), "u": rng.randrange(8)}
        statement = rng.choice(STATEMENTS).format(i=rng.randrange(6), j=rng.randrange(6), **values)
        with contextlib.suppress(psycopg.errors.IntegrityError):
            site.execute(statement)


def play(mesh: Mesh, rng: random.Random) -> None:
    """Everybody once while the sites are parted, or three times over while links are at work."""
    order = rng.sample(mesh.sites, len(mesh.sites))
    if rng.random() < 0.5:
        with parted(mesh):
            for site in order:
                write(site, rng)
        return
    for _ in range(3):
        for site in order:
            write(site, rng)
        pause(rng.random() * 0.2)


@pytest.mark.parametrize("versions", two_or_three(("18", "15"), ("18", "16", "15")))
def test_families_end_the_same_everywhere(versions: Sequence[str]) -> None:
    seed = int(os.environ.get("BOND_SEED", random.randrange(10**6)))
    print("seed", seed, "(BOND_SEED repeats it)")
    mesh = make_mesh(versions)
    try:
        for n, action in enumerate(ACTIONS):
            up(
                mesh,
                f"create table p{n} (id int primary key, u text unique);"
                f"create table c{n} (id int primary key, p int references p{n} {action});"
                f"create table g{n} (id int primary key, c int references c{n})",
                f"p{n}", f"c{n}", f"g{n}",
            )  # fmt: skip
        for number in range(ROUNDS):
            play(mesh, random.Random(f"{seed} {number}"))
            assert_whole(mesh, rounds=1)
    finally:
        mesh.end()
