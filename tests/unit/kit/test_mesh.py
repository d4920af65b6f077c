"""A mesh of the kit is the real thing: psql, conf files, daemons, and links that can be cut."""

import random
from collections.abc import Callable

from tests.kit import Mesh, checkers, eventually
from tests.kit.workloads import PRODUCTS, SHOP, Writers

ADD = "insert into customer (email, name) values (%s, %s)"
COUNT = "select count(*) from customer"


def test_a_mesh_replicates_and_can_be_unplugged(
    new_mesh: Callable[..., Mesh], rng: random.Random
) -> None:
    mesh = new_mesh(None, SHOP + PRODUCTS, proxies=True)
    seed = rng.randrange(10**6)
    with (
        Writers(mesh[1].dsn, seed, rounds=20) as one,
        Writers(mesh[3].dsn, -seed, rounds=20) as two,
    ):
        outcomes = [one.join(), two.join()]
    mesh.assert_whole()
    for outcome in outcomes:
        checkers.assert_nothing_lost(mesh.dsns, "public.event", "id", outcome.acknowledged)
    before = mesh[2].value(COUNT)
    for silent in (False, True):
        with mesh.unplugged(2, silent=silent):
            mesh[1].execute(ADD, [f"{silent}@example.com", "while you were away"])
            arrived = mesh[1].value(COUNT)
            eventually(lambda n=arrived: mesh[3].value(COUNT) == n, "the third site has it")
            assert mesh[2].value(COUNT) == before
        mesh.assert_whole()
        before = mesh[2].value(COUNT)
    mesh.stop()
