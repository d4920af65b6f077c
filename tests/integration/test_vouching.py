"""`wait`, `status` and `doctor` say that all is well only where they know it."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.pair import make_pair
from tests.kit import Mesh, available_versions, eventually
from tests.kit.clusters import Cluster
from tests.kit.site import createdb_sql

NEWEST = available_versions()[-1]
SETUP = "create table item (id int primary key)"
LOG = "select count(*) from bondreplicate.replicate_log"


@pytest.fixture
def two(new_mesh: Callable[..., Mesh]) -> Mesh:
    return new_mesh([NEWEST] * 2, SETUP)


@pytest.fixture
def stranger(two: Mesh) -> Iterator[str]:
    """A role of somebody else, at site 1."""
    cluster, name = two[1].database.cluster, f"owner_{two[1].database.name}"
    cluster.execute(f"create role {name}")
    yield name
    two[1].execute("drop table if exists theirs")
    cluster.execute(f"drop role {name}")


def test_wait_asks_who_answers(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh([NEWEST] * 3, SETUP)
    mesh.settle()
    one, _two, three = mesh
    mesh.stop()
    one.execute("delete from bondreplicate.replicate_hosts where site = 3")
    one.execute("update bondreplicate.replicate_hosts set dsn = %s where site = 2", [three.dsn])
    said = one.cli("wait", "--timeout", "20", check=1).stderr
    assert "its dsn in replicate_hosts leads to a database that is site 3" in said
    assert "hint: " in said


def test_wait_does_not_speak_for_a_site_that_is_down(two: Mesh) -> None:
    two.settle()
    two[1].cli("wait")
    two[1].execute("select replicate_down()")
    two[1].execute("insert into item values (1)")
    said = two[1].cli("wait", "--timeout", "2", check=4).stderr
    assert said.startswith("error: this site: replication is down since ")
    assert "hint: run bondreplicate here" in said
    assert len(said.splitlines()) == 2


def test_wait_does_not_speak_for_a_standby(new_cluster: Callable[..., Cluster], two: Mesh) -> None:
    cluster = new_cluster(NEWEST)
    cluster.createdb("shop")
    cluster.psql("shop", createdb_sql())
    for sql in (
        "insert into bondreplicate.replicate_hosts values (1, 'a', 'x')",
        "update bondreplicate.replicate_state set site = 1, maxsites = 10",
    ):
        cluster.execute(sql, db="shop")
    cluster.stop()
    (cluster.data / "standby.signal").touch()
    cluster.start()
    two[1].write_conf(dsn=cluster.dsn("shop"), site=1)
    assert "is on a standby" in two[1].cli("wait", "--timeout", "2", check=4).stderr


def test_a_table_that_is_not_captured_is_named(two: Mesh, stranger: str) -> None:
    one = two[1]
    two.settle()
    one.write_conf(dsn=one.database.cluster.dsn(one.database.name), site=1)
    one.stop_daemon()  # as where its role may not attach triggers
    one.execute(f"create table theirs (id int primary key); alter table theirs owner to {stranger}")
    one.execute("insert into theirs values (1)")
    named = "table public.theirs: capture triggers are missing or disabled"
    said = one.cli("wait", "--timeout", "1", check=1).stderr
    assert f"error: site 2 (site2) is behind: at site 1, {named}" in said
    assert "hint: " in said
    assert any(p.startswith(named) for p in one.cli_json("status", check=1)["problems"])
    assert any(
        f["check"] == "capture" and "public.theirs" in f["message"] and f["level"] == "problem"
        for f in one.cli_json("doctor", check=1)
    )


def test_wait_lets_the_daemon_attach_a_table_that_is_new(two: Mesh) -> None:
    two[2].execute("create table fresh (id int primary key)")
    two[1].execute("create table fresh (id int primary key); insert into fresh values (1)")
    two[1].cli("wait", "--timeout", "30")
    assert two[2].value("select count(*) from fresh") == 1


def test_a_table_whose_triggers_are_gone_is_a_problem_while_the_daemon_is_away(
    new_mesh: Callable[..., Mesh],
) -> None:
    one, _ = make_pair(new_mesh)
    before = one.cli_json("status", check=1)["problems"]
    one.execute("alter table item disable trigger bondreplicate_insert")
    [told] = [p for p in one.cli_json("status", check=1)["problems"] if p not in before]
    assert told.startswith("table public.item: capture triggers are missing or disabled")
    assert "public.item" in one.cli("wait", "--timeout", "0.5", check=1).stderr


def test_a_peer_that_has_missed_changes_is_not_in_step(two: Mesh) -> None:
    two.settle()
    one = two[1]
    one.stop_daemon()
    one.cli("hosts", "disable", "2")
    one.execute("insert into item values (1)")
    one.start_daemon()
    eventually(lambda: one.value(LOG) == 0, "nothing is kept for a site that is disabled")
    one.cli("hosts", "enable", "2")
    why = "site 2 (site2) has missed changes that site 1 does not keep any more"
    for site in two:
        found = site.cli_json("status", check=1)
        states = {f"{x['origin']}->{x['target']}": x for x in found["links"]}
        assert states["1->2"]["state"] == "held"
        assert states["1->2"]["reason"].startswith(why)
        assert states["2->1"]["state"] != "held"
        assert any(p.startswith(f"link 1->2: held: {why}") for p in found["problems"])
        told = [f for f in site.cli_json("doctor", check=1) if f["check"] == "links"]
        assert any(f["level"] == "problem" and f["message"].startswith(why) for f in told)
    said = one.cli("wait", "--timeout", "20", check=1).stderr
    assert "error: site 2 (site2) is behind: has missed changes" in said
    assert "hint: a number is used once" in said


def test_sites_that_differ_or_went_back_are_held(new_mesh: Callable[..., Mesh]) -> None:
    one, two = make_pair(new_mesh)

    def held() -> str:
        links = {x["origin"]: x for x in one.cli_json("status", check=1)["links"]}
        assert links[1]["state"] == "held"
        return links[1]["reason"]

    two.execute("update bondreplicate.replicate_state set maxsites = 100")
    assert held().startswith("site 2 (site2) has maxsites 100, site 1 10: ids would collide")
    two.execute("update bondreplicate.replicate_state set maxsites = 10")
    two.execute(
        "insert into bondreplicate.replicate_position (site, incarnation, position, batches, rows)"
        " select 1, %s, '9000000000:9000000000:', 1, 1",
        ["00000000-0000-4000-8000-000000000001"],
    )
    assert held().startswith("site 1 went back in time: site 2 (site2) has applied transactions")
    said = one.cli("wait", "--timeout", "2", check=1).stderr
    assert "is behind: site 1 went back in time" in said
    assert "went back in time" in one.cli("doctor", check=1).stdout
