"""Bad input is answered by one clear line, a hint and a status; nothing is half done."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.integration.old_server import postgresql_12
from tests.kit.binaries import available_versions
from tests.kit.clusters import Cluster, Database
from tests.kit.mesh import Mesh
from tests.kit.site import Site, createdb_sql

NEWEST = available_versions()[-1]
AS_SOMEBODY = """
import os, pwd, sys
from bondreplicate.faces.cli import main
if os.geteuid() == 0:
    os.setuid(pwd.getpwnam("nobody").pw_uid)  # root may read everything
main(sys.argv[1:])
"""


@pytest.fixture
def site(new_mesh: Callable[..., Mesh]) -> Site:
    return new_mesh([NEWEST], "create table t (id int primary key)", start=False)[1]


def refuses(site: Site, status: int, *told: str, command: str = "run") -> None:
    """The command must end at once with this status, say this on one line, and change nothing."""
    done = site.cli(*command.split(), check=status, timeout_s=20)
    assert done.stdout == ""
    errors = [line for line in done.stderr.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1, done.stderr
    for words in told:
        assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_no_such_database(site: Site):
    site.write_conf(dsn=site.database.cluster.dsn("nowhere"), site=1)
    for command in ("run", "init", "status", "verify", "wait", "doctor"):
        refuses(site, 3, 'database "nowhere" does not exist', command=command)


def test_server_that_is_not_there(site: Site):
    site.write_conf(dsn="host=127.0.0.1 port=1 dbname=x", site=1)
    refuses(site, 3, "error: dsn, the database of this site: ", "Connection refused")


def test_dsn_that_is_none(site: Site):
    site.write_conf(dsn="host=x dbnam=y", site=1)
    refuses(site, 2, f'{site.conf}:1: dsn: invalid connection option "dbnam"')


def test_wrong_password(new_cluster: Callable[..., Cluster], site: Site):
    cluster = new_cluster(NEWEST, tcp=True)
    cluster.execute("create role bond login superuser password 'right'")
    (cluster.data / "pg_hba.conf").write_text(
        "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"
    )
    cluster.reload()
    dsn = cluster.dsn(user="bond", tcp=True)
    site.write_conf(dsn=f"{dsn} password=very-wrong", site=1)
    refuses(site, 3, 'password authentication failed for user "bond"')
    assert "very-wrong" not in site.cli("run", check=3).stderr


def test_database_without_createdb(site: Site, database: Database):
    site.write_conf(dsn=database.dsn, site=1)
    for command in ("run", "init", "status", "verify", "wait"):
        refuses(site, 4, "has no schema bondreplicate", "createdb.sql", command=command)


def test_postgresql_12(site: Site):
    with postgresql_12() as dsn:
        site.write_conf(dsn=dsn, site=1)
        for command in ("run", "status", "verify"):
            refuses(site, 4, "PostgreSQL 12.22 is too old", "hint: upgrade", command=command)
        done = site.cli("doctor", check=1)
        assert "PostgreSQL 12.22 is too old" in done.stdout


def test_standby(new_cluster: Callable[..., Cluster], site: Site):
    cluster = new_cluster(NEWEST)
    cluster.createdb("shop")
    cluster.psql("shop", createdb_sql())
    cluster.execute("insert into bondreplicate.replicate_hosts values (1, 'a', 'x')", db="shop")
    cluster.stop()
    (cluster.data / "standby.signal").touch()
    cluster.start()
    site.write_conf(dsn=cluster.dsn("shop"), site=1)
    for command in (
        "run",
        "init",
        "down",
        "hosts add 2 b host=b",
        "hosts remove 2",
        "hosts enable 2",
        "hosts disable 2",
        "tables enable t",
        "tables disable t",
        "status",
        "status --watch",
    ):
        refuses(site, 4, "is on a standby", "hint: give the address of the primary",
                command=command)  # fmt: skip
    assert site.cli_json("hosts", "list")[0]["site"] == 1


def test_missing_privilege(site: Site):
    cluster = site.database.cluster
    name = f"plain_{site.database.name}"
    cluster.execute(f"create role {name} login")
    try:
        site.write_conf(dsn=cluster.dsn(site.database.name, user=name), site=1)
        refuses(site, 4, "hint: as a superuser: grant set on parameter session_replication_role")
        for command in ("status", "verify", "down"):
            refuses(site, 4, "permission denied", "least-privilege.md", command=command)
    finally:
        cluster.execute(f"drop role {name}")


def test_role_that_does_not_own_the_schema(site: Site):
    cluster = site.database.cluster
    name = f"half_{site.database.name}"
    cluster.execute(f"create role {name} login")
    cluster.execute(f"grant set on parameter session_replication_role to {name}")
    try:
        site.write_conf(dsn=cluster.dsn(site.database.name, user=name), site=1)
        refuses(site, 4, "does not own the schema bondreplicate")
    finally:
        cluster.execute(f"drop owned by {name}; drop role {name}")


def test_site_that_is_not_listed(site: Site):
    site.write_conf(dsn=site.dsn, site=4)
    refuses(site, 5, "site 4 is not in replicate_hosts (listed: site 1 (site1))")


def test_site_that_is_disabled(site: Site):
    site.execute("update bondreplicate.replicate_hosts set enabled = false")
    refuses(site, 5, "site 1 (site1) is disabled in replicate_hosts")


def test_same_site_twice(site: Site):
    site.execute(
        "insert into bondreplicate.replicate_hosts select 2, 'again', dsn"
        " from bondreplicate.replicate_hosts"
    )
    refuses(site, 5, "sites 1 and 2 have the same dsn: same site twice")


def test_site_whose_address_leads_to_another_database(site: Site, database: Database):
    site.execute("update bondreplicate.replicate_hosts set dsn = %s", [database.dsn])
    refuses(site, 5, "leads to another database")


def test_wrong_site_number(site: Site, database: Database):
    site.cli("init")
    site.execute("insert into bondreplicate.replicate_hosts values (2, 'two', %s)", [database.dsn])
    site.execute("update bondreplicate.replicate_hosts set dsn = dsn || ' ' where site = 2")
    site.write_conf(dsn=site.dsn, site=2)
    refuses(site, 5, "error: ")
    for command in ("verify", "wait", "down"):
        told = "this database is site 1, the configuration says 2"
        refuses(site, 5, told, "correct the configuration: site = 1", command=command)
    assert site.value("select site from bondreplicate.replicate_state") == 1
    assert site.value("select went_down_at is null from bondreplicate.replicate_state")


def test_one_that_could_never_take_over_does_not_wait_as_a_standby(site: Site, database: Database):
    site.start_daemon()
    site.write_conf(dsn=site.dsn, site=4)
    refuses(site, 5, "site 4 is not in replicate_hosts")
    site.execute("insert into bondreplicate.replicate_hosts values (4, 'four', %s)", [database.dsn])
    refuses(site, 5, "leads to another database")
    site.execute("update bondreplicate.replicate_hosts set dsn = 'port=1' where site = 4")
    refuses(site, 5, "this database is site 1, the configuration says 4", "hint: set site = 1")
    site.write_conf(dsn=site.dsn, site=1, maxsites=100)
    refuses(site, 5, "maxsites was 10 here, the configuration says 100")


def test_commands_before_the_first_run(site: Site):
    for command in ("verify", "wait", "down"):
        refuses(site, 4, "has not run at this site yet", "hint: run", command=command)


def test_tables_can_be_left_out_before_the_first_run(site: Site, database: Database):
    database.psql("create table t (id int primary key); create table keep (id int primary key)")
    database.psql(createdb_sql())
    database.psql(
        "update bondreplicate.replicate_tables set enabled = false where table_name = 'keep'"
    )
    database.psql(createdb_sql())
    listed = database.query(
        "select table_name, enabled from bondreplicate.replicate_tables order by 1"
    )
    assert [tuple(row) for row in listed] == [("keep", False), ("t", True)]


def test_site_number_beyond_maxsites(site: Site):
    site.execute("insert into bondreplicate.replicate_hosts values (12, 'x', 'host=x')")
    refuses(site, 5, "with maxsites 10 sites are numbered 1 to 9")


def test_fewer_maxsites_than_before(site: Site):
    site.write_conf(dsn=site.dsn, site=1, maxsites=100)
    site.cli("init")
    site.write_conf(dsn=site.dsn, site=1, maxsites=10)
    refuses(site, 5, "maxsites was 100 and cannot become 10")


def test_configuration_that_is_misspelt_or_missing(site: Site):
    site.conf.write_text("dns = 'x'\nsite = 1\n")
    done = site.cli("run", check=2)
    assert "no such setting, did you mean dsn?" in done.stderr
    assert "dsn: is missing" in done.stderr
    site.conf.unlink()
    assert "hint: there is no" in site.cli("run", check=2).stderr
    site.conf.write_text("dsn\n")
    refuses(site, 2, "is not TOML")
    assert "error: No such option" in site.cli("--nonsense", check=2).stderr
    told = site.cli("hosts", "list", "--config", "x", check=2).stderr
    assert "hint: it goes before the command: `bondreplicate --config FILE hosts list`" in told


def test_the_number_of_another_site(site: Site):
    values = "values (2, 'two', 'host=127.0.0.1 port=1 dbname=x')"
    site.execute(f"insert into bondreplicate.replicate_hosts {values}")
    site.write_conf(dsn=site.dsn, site=2)
    refuses(site, 5, "site 1 (site1): its dsn in replicate_hosts leads to this database", "says 2")
    assert site.value("select site from bondreplicate.replicate_state") is None


@pytest.mark.parametrize("group", ["hosts", "tables", "conflicts", "config"])
def test_a_group_without_a_command_shows_its_help(site: Site, group: str):
    done = site.cli(group, check=2)
    assert done.stdout == ""
    assert done.stderr == site.cli(group, "--help").stdout
    assert "error: " not in done.stderr


def test_init_says_what_to_do_next(site: Site):
    said = "installed at site 1 (maxsites 10); "
    assert site.cli("init").stdout == f"{said}start it with `bondreplicate run`\n"
    site.start_daemon()
    assert site.cli("init").stdout == f"{said}it runs here already\n"


def test_peers_that_cannot_take_part_are_named(site: Site, database: Database):
    site.cli("init")
    with postgresql_12() as dsn:
        site.execute(
            "insert into bondreplicate.replicate_hosts values (2, 'empty', %s), (3, 'old', %s)",
            [database.dsn, dsn],
        )
        findings = {(f["where"], f["level"]): f for f in site.cli_json("doctor", check=1)}
        states = {x["target"]: x for x in site.cli_json("status", check=1)["links"]}
    empty = findings["site 2 (empty)", "problem"]
    assert "has no schema bondreplicate" in empty["message"]
    assert "make it a copy" in empty["hint"]
    assert states[2]["state"] == states[3]["state"] == "unfit"
    assert "PostgreSQL 12.22 is too old" in states[3]["reason"]


def test_a_configuration_that_cannot_be_read(site: Site, tmp_path: Path):
    site.conf.chmod(0)
    done = subprocess.run(
        [sys.executable, "-c", AS_SOMEBODY, "--config", str(site.conf), "status"],
        capture_output=True,
        text=True,
    )
    assert done.stderr.splitlines() == [
        f"error: {site.conf}: cannot be read: permission denied",
        "hint: it has to be a file that the user who runs bondreplicate may read",
    ]
    assert done.returncode == 2
    done = site.cli("--config", str(tmp_path), "status", check=2)
    assert f"error: {tmp_path}: cannot be read: is a directory" in done.stderr
    done = site.cli("--config", "nowhere.conf", "status", check=2)
    assert "error: nowhere.conf: cannot be read: no such file or directory" in done.stderr
    assert "hint: `bondreplicate config sample > bondreplicate.conf`" in done.stderr
