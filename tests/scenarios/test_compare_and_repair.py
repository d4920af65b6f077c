"""Scenario 147: compare while clients write, and repair what is found."""

import json
from collections.abc import Callable
from contextlib import ExitStack

import pytest

from tests.kit import Mesh, eventually, mixed_versions
from tests.kit.workloads import Pgbench, pgbench_tables

SIZES = [(1, 6, 60), pytest.param(100, 120, 250, marks=pytest.mark.soak)]
BROKEN = """
set session_replication_role = replica;
update pgbench_accounts set abalance = 123456 where aid = 501;
delete from pgbench_accounts where aid = 502;
insert into pgbench_accounts values (50000001, 1, 0, 'surplus');
"""
CLIENT = """
\\set aid random(1000, 99000)
\\set delta random(-5000, 5000)
begin;
update pgbench_accounts set abalance = abalance + :delta where aid = :aid;
insert into pgbench_history (tid, bid, aid, delta, mtime) values (1, 1, :aid, :delta, now());
end;
"""


@pytest.mark.parametrize(("scale", "seconds", "rate"), SIZES)
def test_s147_exactly_what_is_broken_is_found_and_repaired(
    new_mesh: Callable[..., Mesh], scale: int, seconds: int, rate: int
) -> None:
    mesh = new_mesh(mixed_versions(2), start=False)
    for site in mesh:
        pgbench_tables(site.database, scale)
    mesh.start()
    one, two = mesh
    two.psql(BROKEN)
    script = one.dir / "client.sql"
    script.write_text(CLIENT)
    with ExitStack() as stack:
        runs = [
            stack.enter_context(
                Pgbench(
                    site.database,
                    seconds * 10,
                    clients=2,
                    rate=rate,
                    seed=site.number,
                    args=("-f", str(script)),
                )
            )
            for site in mesh
        ]
        eventually(lambda: two.value("select count(*) from pgbench_history") > 20, "clients write")
        for site, here, there in ((one, "here", "there"), (two, "there", "here")):
            found = site.cli_json("verify", check=1)
            named = {
                (t["table"], tuple(d["key"]), d["kind"])
                for t in found["tables"]
                for d in t["differences"]
            }
            assert named == {
                ("public.pgbench_accounts", ("501",), "different"),
                ("public.pgbench_accounts", ("502",), f"missing {there}"),
                ("public.pgbench_accounts", ("50000001",), f"missing {here}"),
            }, json.dumps(found, indent=2)
        assert all(run.is_running() for run in runs), "the clients ended before the comparison"
        # Site 1 is right: what it writes, or deletes, is sent whole.
        one.execute("update pgbench_accounts set abalance = abalance where aid in (501, 502)")
        two.execute("delete from pgbench_accounts where aid = 50000001")
        eventually(
            lambda: two.value("select count(*) from pgbench_accounts where aid = 502") == 1,
            "the missing row arrives",
        )
        assert one.cli_json("verify")["same"]
    mesh.assert_whole()
    repaired = {"501", "502", "50000001"}
    for site in mesh:
        assert not [c for c in site.conflicts() if c["key"][0] in repaired]
