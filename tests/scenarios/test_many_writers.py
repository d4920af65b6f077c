"""Many concurrent writers at two sites, cut off from each other again and again."""

from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.kit import Mesh, mixed_versions, pause
from tests.kit.workloads import Pgbench
from tests.scenarios.steps import SOAK, assert_whole, up

SCRIPT = """
\\set a random(1, 100000000)
\\set k random(1, 1000000)
\\set r1 random(1, {near})
\\set r2 random(1, {near})
\\set r3 random(1, {near})
\\set r4 random(1, {near})
insert into w values (:a, 0) on conflict do nothing;
update w set id2 = :k where id = :a;
update w set id2 = :k where id = :r1;
update w set id2 = :k where id = :r2;
update w set id2 = :k where id = :r3;
update w set id2 = :k where id = :r4;
insert into proof default values;
"""
SETUP = (
    "create table w (id int primary key, id2 int); create table proof (id bigserial primary key)"
)


@pytest.mark.timeout(900 if SOAK else 300)
@pytest.mark.parametrize(
    ("seconds", "clients"),
    [
        pytest.param(6, 12, id="short"),
        pytest.param(120, 50, id="full", marks=pytest.mark.soak),
    ],
)
def test_s52_every_delta_arrives(new_mesh: Callable[..., Mesh], seconds: int, clients: int) -> None:
    near = 3000
    mesh = new_mesh(mixed_versions(2), proxies=True)
    up(mesh, SETUP, "w", "proof")
    mesh[1].execute(f"insert into w select i, 0 from generate_series(1, {near}) i")
    mesh.settle(60)
    script = mesh[1].dir / "x.sql"
    script.write_text(SCRIPT.format(near=near))
    with ExitStack() as stack:
        writers = {
            site.number: stack.enter_context(
                Pgbench(
                    site.database,
                    seconds,
                    clients=clients,
                    seed=site.number,
                    args=["-f", str(script), "--max-tries=1"],
                )
            )
            for site in mesh
        }
        for _ in range(3):
            pause(seconds / 12)
            with mesh.unplugged(2):
                pause(5 if seconds > 60 else 0.7)
        reports = {number: writer.wait() for number, writer in writers.items()}
    mesh.settle(300)
    assert_whole(mesh)
    for number, report in reports.items():
        made = mesh[1].value("select count(*) from proof where id %% 10 = %s", [number])
        # A transaction that was told to have committed is there; pgbench counts exactly those.
        assert made == report.transactions, (number, made, report.text)
    unlike = mesh[1].value("select count(*) from w where id2 = 0 and id > %s", [near])
    assert unlike == 0, "inserts of a transaction came without its update"
