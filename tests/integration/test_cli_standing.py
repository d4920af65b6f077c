"""What status, wait, verify and doctor say where a site cannot take part, or not any more."""

from collections.abc import Callable

import pytest

from tests.kit import Mesh, available_versions, eventually

NEWEST = available_versions()[-1]
SETUP = "create table item (id int primary key)"


def test_a_site_that_was_removed_elsewhere_is_told(new_mesh: Callable[..., Mesh]) -> None:
    one, two = mesh = new_mesh([NEWEST] * 2, SETUP)
    mesh.settle()
    one.cli("hosts", "remove", "2")
    two.execute("insert into item values (1)")
    found = two.cli_json("status", check=1)
    assert {link["state"] for link in found["links"]} == {"held"}
    reasons = [p for p in found["problems"] if "(any more)" in p]
    assert any("link 2->1: held: site 1 (site1) does not list site 2" in p for p in reasons)
    assert any("link 1->2: held: site 1 does not list site 2 (site2)" in p for p in reasons)
    said = two.cli("wait", "--timeout", "20", check=1, timeout_s=15).stderr
    assert "does not list site 2 (any more)" in said
    assert "hint: `bondreplicate doctor` compares the lists" in said
    assert "does not list site 2 (any more)" in two.cli("verify", check=1).stdout
    eventually(lambda: "link_held" in two.log.read_text(), "the link says so", 20)
    two.stop_daemon()
    two.cli("down")
    two.cli("status", check=1)
    two.cli("wait", check=4)


def test_no_link_is_in_step_with_a_site_that_is_down(new_mesh: Callable[..., Mesh]) -> None:
    one, two = mesh = new_mesh([NEWEST] * 2, SETUP)
    mesh.settle()
    two.cli("down")
    for site in (one, two):
        found = site.cli_json("status", check=1)
        assert {link["state"] for link in found["links"]} == {"down"}
    assert "replication is down at site 2" in one.cli("status", check=1).stdout


def test_a_configuration_that_is_not_of_this_database_is_seen(
    new_mesh: Callable[..., Mesh],
) -> None:
    one, _ = new_mesh([NEWEST] * 2, SETUP)
    one.write_conf(dsn=one.dsn, site=5)
    told = "this database is site 1, the configuration says 5"
    found = one.cli_json("status", check=1)
    assert found["links"] == []
    assert told in found["problems"]
    for command in ("tables", "conflicts", "hosts"):
        assert f"warning: {told}" in one.cli(command, "list").stderr
    one.write_conf(dsn=one.dsn, site=1, maxsites=100)
    assert "maxsites is 10 here" in one.cli("status", check=1).stdout
    for command in ("tables", "conflicts", "hosts"):
        assert "warning: maxsites was 10 here" in one.cli(command, "list").stderr
    assert "maxsites was 10 here" in one.cli("verify", check=5).stderr


def test_doctor_before_the_first_run_says_one_thing(new_mesh: Callable[..., Mesh]) -> None:
    one = new_mesh([NEWEST], SETUP, start=False)[1]
    assert one.cli("status", check=1).stdout.startswith("no site yet, database ")
    said = one.cli("doctor", check=None).stdout
    assert "bondreplicate has not run here yet" in said
    assert "trigger" not in said


@pytest.mark.parametrize(
    "command",
    [
        "wait --timeout nan",
        "wait --timeout inf",
        "wait --timeout 1e300",
        "retry --timeout nan",
        "verify --settle nan",
        "verify --keys 99999999999999999999",
        "status --every-s 5",
        "wait --timeout x",
        "verify --keys x",
        "conflicts show 1.5",
        "status --every-s nan",
        "status --every-s inf",
        "conflicts list --limit 99999999999999999999",
        "conflicts list --since-h nan",
        "conflicts list --since-h 1e200",
    ],
)
def test_numbers_that_are_none(new_mesh: Callable[..., Mesh], command: str) -> None:
    one = new_mesh([NEWEST], SETUP, start=False)[1]
    done = one.cli(*command.split(), check=2)
    assert len(done.stderr.splitlines()) == 2
    assert done.stderr.startswith("error: ")
    assert "range" not in done.stderr or "is not in the range" in done.stderr
    found = one.cli_json(*command.split(), check=2)
    assert found["exit_status"] == 2
    assert f"error: {found['error']}" in done.stderr
    assert f"hint: {found['hint']}" in done.stderr


def test_tables_of_conflicts_are_named_as_elsewhere(new_mesh: Callable[..., Mesh]) -> None:
    one = new_mesh([NEWEST], SETUP, start=False)[1]
    one.cli("init")
    for name in ("item", "ITEM", "public.item", '"item"'):
        assert one.cli_json("conflicts", "list", "--table", name) == []
    said = one.cli("conflicts", "list", "--table", "itme", check=2).stderr
    assert "did you mean item?" in said
    one.execute("create view seen as select 1")
    assert "a view" in one.cli("verify", "seen", check=2).stderr
    assert "error: '' is not in" in one.cli("verify", "", check=2).stderr
