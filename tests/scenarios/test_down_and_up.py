"""Scenario 145: replicate_down() and up again, twice, in the middle of traffic."""

from collections.abc import Callable

import pytest

from tests.kit import Mesh, Site, checkers, eventually, mixed_versions
from tests.kit.workloads import PRODUCTS, SHOP, Writers

pytestmark = pytest.mark.timeout(300)

LEFT = """
select count(*) from pg_trigger where tgname ~ '^bondreplicate'
union all select count(*) from pg_proc p join pg_namespace n on n.oid = p.pronamespace
    where n.nspname = 'bondreplicate' and p.proname ~ '^capture_'
"""


def schema_of(site: Site) -> str:
    """The user's schema as pg_dump tells it, without what differs at every call."""
    dump = site.database.cluster.pg_dump(
        site.database.name, "--schema-only", "--exclude-schema=bondreplicate"
    )
    lines = [line for line in dump.splitlines() if line and not line.startswith("--")]
    return "\n".join(line for line in lines if "replicate_down" not in line)


def test_s145_down_and_up_twice_in_the_middle_of_traffic(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(mixed_versions(2), SHOP + PRODUCTS, start=False)
    before = [schema_of(site) for site in mesh]
    mesh.start()
    one, two = mesh
    with (
        Writers(one.dsn, "one", threads=1, per_second=15) as at_one,
        Writers(two.dsn, "two", threads=1, per_second=15) as at_two,
    ):
        for number in (1, 2):
            eventually(lambda n=number: at_one.outcome.committed > 15 * n, "clients write")
            go_down(two, before[1], number)
            wanted = at_two.outcome.committed + 10
            eventually(lambda n=wanted: at_two.outcome.committed > n, "clients write while down")
            two.start_daemon()
            assert "writes_were_not_captured" in two.log.read_text()
    mesh.settle()
    resynchronise(mesh)
    told = at_one.outcome.acknowledged | at_two.outcome.acknowledged
    checkers.assert_nothing_lost(mesh.dsns, "public.event", "id", told)
    mesh.assert_whole()
    for site in mesh:
        site.cli("verify")
    mesh.stop()
    for site in mesh:
        site.cli("down")
        assert site.query(LEFT) == [(0,), (0,)]
    assert [schema_of(site) for site in mesh] == before


def go_down(site: Site, before: str, number: int) -> None:
    """Unsent changes are counted and kept; the daemon ends by itself; the schema is as it was."""
    site.execute(
        "insert into customer (email, name)"
        f" select 'unsent' || {number} || '-' || i, 'unsent' from generate_series(1, 500) i"
    )
    told = site.value("select replicate_down()")
    assert "replication is down" in told
    eventually(lambda: not site.is_running(), f"{site}: the daemon ends", 20)
    assert site.daemon.returncode == 0
    assert site.query(LEFT) == [(0,), (0,)]
    assert schema_of(site) == before
    went_down, kept = site.query(
        "select went_down_at is not null, unsent_when_down from bondreplicate.replicate_state"
    )[0]
    assert went_down
    assert kept is not None


def resynchronise(mesh: Mesh) -> None:
    """What nobody captured is only what was deleted while down.

    `verify` names it, and a DELETE at the site that still has it ends it everywhere.
    """
    one, two = mesh
    for table in ("order_line", "orders", "customer"):
        found = one.cli_json("verify", f"public.{table}", check=None)
        for difference in (d for t in found["tables"] for d in t["differences"]):
            assert difference["kind"] == "missing there", difference
            key = " and ".join(
                f"{column}::text = %s"
                for column in (("order_id", "line") if table == "order_line" else ("id",))
            )
            one.execute(f"delete from {table} where {key}", difference["key"])
        mesh.settle()
    assert two.cli_json("verify")["same"]
