"""A site that was lost comes back: under a new number, and under its old one it is refused."""

from collections.abc import Callable

from tests.kit import Database, Mesh, Site, available_versions, eventually, settle

SETUP = "create table item (id bigserial primary key)"


def test_a_number_is_used_once(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh([available_versions()[-1]] * 2, SETUP)
    one, two = mesh
    two.execute("insert into item default values")
    mesh.settle()
    two.stop_daemon()
    copy = Database(two.database.cluster, f"{two.database.name}_again")
    again = Site(2, copy)
    mesh.sites.append(again)
    copy.execute("create schema fresh")  # the first try is no copy, but made from nothing
    copy.psql(one.cli("createdb").stdout)
    list_sites(again, {1: one.dsn, 2: again.dsn})
    refused(again, "site 1 (site1)")
    copy.execute("drop schema bondreplicate cascade; drop function replicate_down()")
    copy.psql(one.database.cluster.pg_dump(one.database.name))
    list_sites(again, {1: one.dsn, 2: again.dsn})
    refused(again, "the site that was copied")
    one.cli("hosts", "remove", "2")
    one.cli("hosts", "add", "3", "again", again.dsn)
    again.number = 3
    again.write_conf(dsn=again.dsn, site=3)
    copy.execute("drop schema public cascade; create schema public")
    copy.execute("drop schema bondreplicate cascade")
    dump = one.database.cluster.pg_dump(one.database.name)
    copy.psql(dump.replace("CREATE SCHEMA public;", ""))
    again.start_daemon()
    again.execute("insert into item default values")
    one.execute("insert into item default values")
    settle([one, again])
    eventually(lambda: one.value("select count(*) from item") == 3, "all arrives")
    one.cli("verify")


def list_sites(site: Site, dsns: dict[int, str]) -> None:
    """Rows of replicate_hosts."""
    site.execute("delete from bondreplicate.replicate_hosts")
    for number, dsn in dsns.items():
        site.execute(
            "insert into bondreplicate.replicate_hosts values (%s, %s, %s)",
            [number, f"site{number}", dsn],
        )


def refused(site: Site, who: str) -> None:
    """It does not become a site, and is told what to do."""
    said = site.cli("init", check=5).stderr
    assert f"error: {who} knows site 2 as another database than this one" in said
    assert "hint: a number is used once: `bondreplicate hosts remove 2` at every other site" in said
    assert "a number that was never used (docs/how-to/join-a-site.md)" in said
    assert site.value("select site from bondreplicate.replicate_state") != 2
