"""Sites that began apart, not one as a copy of the other, are warned of until compared."""

from collections.abc import Callable

from tests.integration.test_rejoin import list_sites
from tests.kit import Database, Mesh, Site, available_versions

NEWEST = available_versions()[-1]
SETUP = "create table item (id int primary key); insert into item values (1), (2)"


def warnings(site: Site) -> list[tuple[str, str]]:
    """What doctor says of sites that are no copies: where, and what to do."""
    return [(f["where"], f["hint"]) for f in site.cli_json("doctor") if f["check"] == "copy"]


def test_sites_that_began_apart_are_warned_of_until_they_are_compared(
    new_mesh: Callable[..., Mesh],
) -> None:
    one, two = mesh = new_mesh([NEWEST] * 2, SETUP)
    assert "rows_are_not_sent" in one.log.read_text()
    two.execute("set session_replication_role = replica; delete from item where id = 2")
    mesh.settle()
    for site, other in ((one, "site 2 (site2)"), (two, "site 1 (site1)")):
        ((where, hint),) = warnings(site)
        assert where == other
        assert "bondreplicate verify" in hint
    one.cli("verify", check=1)
    assert warnings(one)
    two.execute("set session_replication_role = replica; insert into item values (2)")
    one.cli("verify", "item")
    assert warnings(one), "not every table was compared"
    one.cli("verify")
    assert not warnings(one) + warnings(two)


def test_a_copy_made_after_main_loop_and_one_made_before(new_mesh: Callable[..., Mesh]) -> None:
    one = (mesh := new_mesh([NEWEST], SETUP, start=False))[1]
    cluster = one.database.cluster
    early, late, later = (Site(n, Database(cluster, f"{one.database.name}_{n}")) for n in (2, 3, 4))
    sites = {1: one.dsn, 2: early.dsn, 3: late.dsn, 4: later.dsn}
    list_sites(one, sites)
    early.psql(cluster.pg_dump(one.database.name))
    one.execute("insert into item values (3)")
    mesh.sites += [early, late, later]
    one.start_daemon()
    late.psql(cluster.pg_dump(one.database.name))

    later.psql(cluster.pg_dump(one.database.name))
    assert_told_to_start(later)
    mesh.start()
    assert '"for_example": "public.item"' in early.log.read_text()
    assert "rows_are_not_sent" in early.log.read_text()
    assert "rows_are_not_sent" not in late.log.read_text()
    assert [where for where, _ in warnings(one)] == ["site 2 (site2)"]
    assert [where for where, _ in warnings(late)] == ["site 2 (site2)"]
    assert len(warnings(early)) == 3


def assert_told_to_start(copy: Site) -> None:
    """Nothing is said of links of a fresh copy: by the number it bears, it would have to go."""
    found = {f["check"]: f for f in copy.cli_json("doctor", check=1)}
    assert "links" not in found
    assert "copy" not in found
    assert f"takes number {copy.number} when you run" in found["daemon"]["hint"]


def test_a_peer_without_the_schema_is_to_become_a_copy(
    new_mesh: Callable[..., Mesh], database: Database
) -> None:
    one = new_mesh([NEWEST], SETUP)[1]
    list_sites(one, {1: one.dsn, 2: database.dsn})
    found = [f for f in one.cli_json("doctor", check=1) if f["where"] == "site 2 (site2)"]
    assert "make it a copy of a site that runs" in found[0]["hint"]
    assert "createdb.sql" not in found[0]["hint"]
