"""The commands that look at and edit one site, or ask how far its changes have got."""

import json
import re
from collections.abc import Callable

import pytest

from tests.integration.pair import INCARNATION, log_change, make_pair, park, set_position
from tests.kit.mesh import Mesh
from tests.kit.site import Site

DAEMON = "select pg_advisory_lock(1651469924, 3)"


@pytest.fixture
def pair(new_mesh: Callable[..., Mesh]) -> tuple[Site, Site]:
    return make_pair(new_mesh)


def links(site: Site) -> dict[str, dict]:
    found = site.cli_json("status", check=None)
    return {f"{link['origin']}->{link['target']}": link for link in found["links"]}


def test_hosts_are_listed_added_switched_and_removed(pair):
    one = pair[0]
    done = one.cli("hosts", "add", "3", "nice", "host=nice password=secret", "--disabled")
    assert "at every other site" in done.stderr
    assert one.cli_json("hosts", "list")[2] == {
        "site": 3,
        "name": "nice",
        "dsn": "host=nice password=********",
        "enabled": False,
        "here": False,
    }
    assert "secret" not in one.cli("hosts", "list").stdout
    one.cli("hosts", "enable", "3")
    assert one.cli_json("hosts", "list")[2]["enabled"] is True
    one.cli("hosts", "disable", "3")
    one.cli("hosts", "remove", "3")
    assert [h["site"] for h in one.cli_json("hosts", "list")] == [1, 2]
    assert [h["here"] for h in one.cli_json("hosts", "list")] == [True, False]


def test_hosts_that_make_no_sense_are_refused(pair):
    cases = [
        (["add", "2", "x", "host=x"], "site 2 is listed already"),
        (["add", "3", "site2", "host=x"], "have the same name, site2"),
        (["add", "0", "x", "host=x"], "hint: give it a number from 1 to 9"),
        (["add", "-1", "x", "host=x"], "error: -1: no number here is below 0"),
        (["add", "1", "x", "host=x"], "site 1 is listed already"),
        (["add", "10", "x", "host=x"], "sites are numbered 1 to 9"),
        (["add", "100", "x", "host=x"], "sites are numbered 1 to 9"),
        (["add", "99999999999", "x", "host=x"], "sites are numbered 1 to 9"),
        (["add", "3", "x", ""], "the name or the dsn is empty"),
        (["add", "3", "", "host=x"], "hint: give both: `bondreplicate hosts add SITE NAME DSN`"),
        (["add", "12", "x", "host=x"], "`bondreplicate init --grow`"),
        (["add", "3", "x", "nonsense"], 'missing "=" after "nonsense"'),
        (["add", "3", "x", "hots=x"], 'invalid connection option "hots"'),
        (["remove", "7"], "site 7 is not in replicate_hosts"),
        (["enable", "7"], "site 7 is not in replicate_hosts"),
        (["disable", "99999999999"], "site 99999999999 is not in replicate_hosts"),
    ]
    for args, told in cases:
        done = pair[0].cli("hosts", *args, check=2)
        assert told in done.stderr
        assert done.stderr.startswith("error: ")
        assert len(done.stderr.splitlines()) == 2


def test_the_same_address_twice_is_refused(pair):
    one, two = pair
    for dsn in (two.dsn, f"{two.dsn} connect_timeout=9"):
        done = one.cli("hosts", "add", "3", "again", dsn, check=2)
        assert "sites 2 and 3 have the same dsn: same site twice" in done.stderr


def test_the_own_site_stays_listed_and_enabled(pair):
    one = pair[0]
    for command in ("remove", "disable"):
        said = one.cli("hosts", command, "1", check=2).stderr
        assert "error: site 1 is this site, and has to be in its own list" in said
        assert "hint: to take it out: `bondreplicate hosts remove 1` at every other site" in said
    assert [h["enabled"] for h in one.cli_json("hosts", "list")] == [True, True]


def test_the_site_that_is_marked_is_the_one_that_the_database_is(pair):
    one = pair[0]
    assert one.cli("hosts", "list").stderr == ""
    one.write_conf(dsn=one.dsn, site=2)
    for args in ([], ["--json"]):
        assert one.cli("hosts", "list", *args).stderr.splitlines() == [
            "warning: this database is site 1, the configuration says 2",
            (
                "hint: a fresh copy takes number 2 when you run bondreplicate on it;"
                " if this is site 1, correct the configuration: site = 1"
            ),
        ]
    assert [h["here"] for h in one.cli_json("hosts", "list")] == [True, False]
    assert "1 (here)" in one.cli("hosts", "list").stdout
    one.execute("update bondreplicate.replicate_state set site = null")  # before the first run
    assert one.cli("hosts", "list").stderr == ""
    assert [h["here"] for h in one.cli_json("hosts", "list")] == [False, True]


def test_nothing_is_written_to_a_database_that_is_another_site(pair):
    one = pair[0]
    one.write_conf(dsn=one.dsn, site=2)
    for command in (
        "tables disable item",
        "tables enable item",
        "hosts add 3 nice host=nice",
        "hosts remove 1",
        "hosts remove 2",
        "hosts disable 1",
        "hosts enable 2",
    ):
        said = one.cli(*command.split(), check=5).stderr
        assert "error: this database is site 1, the configuration says 2" in said
        assert "hint: a fresh copy takes number 2" in said
    assert [h["site"] for h in one.cli_json("hosts", "list")] == [1, 2]
    assert all(h["enabled"] for h in one.cli_json("hosts", "list"))
    assert all(t["enabled"] for t in one.cli_json("tables", "list"))


def test_a_site_that_is_not_in_its_own_list_is_a_problem(pair):
    one = pair[0]
    one.execute("delete from bondreplicate.replicate_hosts where site = 1")
    told = "site 1 is not in replicate_hosts (listed: site 2 (site2))"
    assert any(p.startswith(told) for p in one.cli_json("status", check=1)["problems"])
    assert any(
        f["level"] == "problem" and f["message"] == told for f in one.cli_json("doctor", check=1)
    )


def test_tables_are_listed_and_switched(pair):
    one = pair[0]
    listed = {t["table"]: t for t in one.cli_json("tables", "list")}
    assert listed["public.item"]["replicated"]
    assert listed["public.bare"]["reason"] == "no primary key"
    one.cli("tables", "disable", "item", "public.line")
    listed = {t["table"]: t["enabled"] for t in one.cli_json("tables", "list")}
    assert listed == {"public.bare": True, "public.item": False, "public.line": False}
    one.cli("tables", "enable", "item")
    assert (
        "error: itme is not in replicate_tables"
        in one.cli("tables", "enable", "itme", check=2).stderr
    )
    said = one.cli("tables", "enable", "bare").stderr
    assert "note: public.bare is enabled, and stays unreplicated: no primary key" in said


def test_what_two_sites_say_otherwise_of_a_table_is_told(pair):
    one, two = pair
    form = "create function larger(text[], jsonb, jsonb, jsonb, jsonb) returns jsonb stable"
    change = "update bondreplicate.replicate_tables set {} where table_name = '{}'"
    hook = "policy = 'hook', hook = 'public.larger'"

    def told(sentence: str) -> None:
        status = one.cli_json("status", check=1)
        said = [*status["warnings"], *status["problems"]]
        assert any(w.startswith(f"site 2 (site2): {sentence}") for w in said), said

    one.execute(f"{form} language sql as 'select $2'")
    two.execute(change.format("enabled = false, active = false, reason = 'disabled'", "item"))
    one.cli("tables", "policy", "line", "site-priority", "--sites", "2,1")
    priority = (
        "the policy of public.line is latest, at this site site-priority 2, 1:"
        " between the two the later change stays"
    )
    alike = "alike at every site: bondreplicate tables policy public.line site-priority --sites 2,1"
    told("public.item is disabled there only: what is written at one of the two does not reach")
    doctor = one.cli("doctor", check=1).stdout
    assert f"WARNING  tables: site 2 (site2): {priority}\n         -> {alike}\n" in doctor
    two.execute(change.format("enabled = true, active = true, reason = null", "item"))
    for site in pair:
        site.execute(change.format(hook, "line"))
        site.execute(change.format("counters = '{n,m}'", "item"))
    two.execute(change.format("counted = '{n}'", "item"))
    told("counters of public.item in effect: n, at this site none:")
    found = "the policy of public.line, hook public.larger, is {}: between the two the later"
    assert found.format("missing, or VOLATILE, there") in one.cli("doctor", check=1).stdout
    assert "n, m (not yet: n)" in two.cli("tables", "list").stdout
    two.execute(f"{form} language sql as 'select $3'")
    two.execute(change.format("counters = '{}'", "item"))
    told("counters of public.item: none, at this site n, m: its changes wait")
    assert found.format("defined otherwise") in one.cli("doctor", check=1).stdout
    done = one.cli("tables", "policy", "bare", "site-priority", "--sites", "1")
    assert "note: public.bare is not replicated: no primary key" in done.stderr


def test_conflicts_are_listed_and_shown_whole(pair):
    one = pair[0]
    assert one.cli_json("conflicts", "list") == []
    one.execute(
        "insert into bondreplicate.replicate_error (source, schema_name, table_name, key, kind,"
        " rule, outcome, columns, winner_stamp, winner_site, winner_row, loser_site, loser_row)"
        " values (1, 'public', 'item', '{5}', 'concurrent', 'later wins', 'kept', '{id,name}',"
        " now(), 1, '{5,here}', 2, '{5,[there]}'),"
        " (2, 'public', 'line', '{5,1}', 'concurrent', 'later wins', 'kept', '{item,Nr}',"
        " now(), 1, null, 2, '{5,1}')"
    )
    assert [c["id"] for c in one.cli_json("conflicts", "list")] == [2, 1]
    assert [c["id"] for c in one.cli_json("conflicts", "list", "--table", "item")] == [1]
    assert one.cli_json("conflicts", "list", "--since-h", "1", "--limit", "1")[0]["id"] == 2
    shown = one.cli_json("conflicts", "show", "1")
    assert shown["winner_row"] == {"id": "5", "name": "here"}
    assert shown["loser_row"] == {"id": "5", "name": "[there]"}
    text = one.cli("conflicts", "show", "1").stdout
    assert "[there]" in text
    assert "stayed: a delete of site 1" in one.cli("conflicts", "show", "2").stdout
    assert "None" not in text
    assert "there is no conflict 9" in one.cli("conflicts", "show", "9", check=2).stderr


def test_a_version_that_is_forgotten_is_said_to_be(pair):
    one = pair[0]
    one.execute(
        "insert into bondreplicate.replicate_error (source, schema_name, table_name, key, kind,"
        " rule, outcome, columns, winner_stamp, winner_site, winner_row, loser_row)"
        " values (1, 'public', 'item', '{5}', 'unique', 'later wins', 'kept', '{id,name}',"
        " now(), 1, '{4,same}', '{5,same}')"
    )
    text = one.cli("conflicts", "show", "1").stdout
    assert "\nlost: a row; version: forgotten (older than what is remembered)\n" in text
    assert "None" not in text
    one.execute("update bondreplicate.replicate_error set loser_site = 2")
    assert "\nlost: a row of site 2; version: forgotten" in one.cli("conflicts", "show", "1").stdout
    assert one.cli_json("conflicts", "show", "1")["loser_stamp"] is None


def test_config_show_masks_passwords_and_names_the_source(pair):
    one = pair[0]
    one.write_conf(dsn="host=h password=secret", site=1)
    shown = one.cli_json("config", "show")
    assert shown["dsn"] == {"value": "host=h password=********", "from": "bondreplicate.conf"} | {
        "from": str(one.conf)
    }
    assert shown["maxsites"] == {"value": 10, "from": "default"}


def test_status_counts_what_waits_in_each_direction(pair):
    one, two = pair
    start = one.value("select pg_current_snapshot()::text")
    set_position(two, one, start)
    set_position(one, two, two.value("select pg_current_snapshot()::text"))
    log_change(one, "item", ["1"])
    position = log_change(one, "item", ["2"])
    log_change(two, "item", ["3"], origin=1)
    with one.database.connect() as a, two.database.connect() as b:
        a.execute(DAEMON)
        b.execute(DAEMON)
        found = links(one)
        assert found["1->2"]["state"] == "behind"
        assert found["1->2"]["rows_waiting"] == 2
        assert 0 < found["1->2"]["lag_s"] < 60
        assert (found["2->1"]["state"], found["2->1"]["lag_s"]) == ("in step", 0)
        set_position(two, one, position)
        assert links(two)["1->2"]["state"] == "in step"
        assert one.cli_json("status")["problems"] == []
    found = one.cli_json("status", check=1)
    assert found["problems"][0].startswith("the daemon does not run")
    assert {link["state"] for link in found["links"]} == {"no daemon"}


def test_a_dead_peer_is_never_shown_as_no_lag(pair):
    one = pair[0]
    one.execute("update bondreplicate.replicate_hosts set dsn = 'host=/nowhere' where site = 2")
    found = one.cli_json("status", check=1)
    for link in found["links"]:
        assert link["state"] == "unreachable"
        assert link["lag_s"] is None
        assert link["rows_waiting"] is None
        assert "No such file" in link["reason"]
    assert any("link 1->2: unreachable" in p for p in found["problems"])
    assert "unreachable" in one.cli("status", check=1).stdout


def test_a_restored_origin_is_held_and_not_in_step(pair):
    one, two = pair
    set_position(two, one, "1000000:1000000:", incarnation=INCARNATION.format(7))
    log_change(one, "item", ["1"])
    link = links(one)["1->2"]
    assert link["state"] == "held"
    assert link["rows_waiting"] == 1


def test_status_shows_parked_changes_conflicts_tables_and_old_transactions(pair):
    one, two = pair
    park(one, two, ["9"], "no parent")
    found = one.cli_json("status", check=1)
    assert found["parked"][0]["reason"] == "no parent"
    assert "1 change is parked" in found["problems"]
    assert found["tables_replicated"] == 2
    assert any("public.bare is not replicated: no primary key" in w for w in found["warnings"])
    text = one.cli("status", check=1).stdout
    assert "parked:" in text
    problems = two.cli_json("status", check=1)["problems"]
    assert "link 2->1: 1 change is parked at site 1" in problems
    assert "site 1 of 10" in text


def test_doctor_says_where_a_setting_is_set(pair):
    one = pair[0]
    conf = one.database.cluster.data / "postgresql.conf"

    def hint(setting: str) -> str:
        found = one.cli_json("doctor", check=1)
        return next(f["hint"] for f in found if f["message"].startswith(f"{setting} is off"))

    assert re.fullmatch(
        rf"it is set in {conf}, line \d+: correct it there, then reload: select pg_reload_conf\(\)",
        hint("fsync"),
    )
    one.execute(f"alter database {one.database.name} set synchronous_commit = off")
    reset = f"alter database {one.database.name} reset synchronous_commit"
    assert hint("synchronous_commit") == f"it is set for the database: {reset}"
    one.execute(f"alter database {one.database.name} reset synchronous_commit")
    one.write_conf(dsn=f"{one.dsn} options='-c synchronous_commit=off'", site=1)
    assert "out of options in the dsn" in hint("synchronous_commit")


def test_doctor_says_what_to_do(pair):
    one, two = pair
    one.execute("drop trigger bondreplicate_key on item")
    found = one.cli_json("doctor", check=1)
    by_check = {(f["check"], f["where"]): f for f in found}
    assert by_check["server", "this site"]["level"] == "ok"
    assert by_check["daemon", "this site"]["hint"] == "run bondreplicate"
    assert by_check["capture", "this site"]["level"] == "problem"
    assert by_check["clock", "site 2 (site2)"]["level"] == "ok"
    assert by_check["hosts", "site 2 (site2)"]["level"] == "ok"
    two.execute("update bondreplicate.replicate_hosts set enabled = false where site = 1")
    two.execute("insert into bondreplicate.replicate_hosts values (3, 'x', 'host=x')")
    two.execute("update bondreplicate.replicate_state set maxsites = 100")
    text = one.cli("doctor", check=1).stdout
    assert "PROBLEM  hosts: site 2 (site2): site 1 is enabled here only" in text
    assert "site 3 is listed there only" in text
    assert "maxsites is 100 there and 10 here" in text
    assert "         -> alike at every site: bondreplicate hosts add (or remove, enable" in text


def test_doctor_names_triggers_that_would_not_find_their_tables(pair):
    one = pair[0]

    def told() -> list[tuple[str, str]]:
        found = one.cli_json("doctor", check=1)
        return [(f["level"], f["hint"]) for f in found if f["check"] == "triggers"]

    one.execute(
        "create function audit() returns trigger language plpgsql as 'begin return new; end';"
        "create trigger audit after insert on item for each row execute function audit()"
    )
    assert [level for level, _ in told()] == ["ok"], "it does not fire on apply"
    one.execute("alter table item enable always trigger audit")
    ((level, hint),) = told()
    assert level == "warning"
    assert "alter function public.audit() set search_path = public" in hint
    one.execute("alter function audit() set search_path = public")
    assert [level for level, _ in told()] == ["ok"]


def test_down_says_what_it_did(pair):
    done = pair[0].cli("down")
    assert "replication is down" in done.stdout
    found = json.loads(pair[1].cli("down", "--json").stdout)
    assert found["told"].startswith("replication is down: 2 tables released, 0 unsent")
    assert (found["tables_released"], found["unsent"]) == (2, 0)
    assert json.loads(pair[0].cli("down", "--json").stdout)["told"]


def test_what_is_down_is_told_once(pair):
    one = pair[0]
    one.execute("create sequence other")
    assert len(one.cli_json("status", check=1)["warnings"]) > 1
    one.cli("down")
    told = one.cli_json("status", check=1)
    down, *others = told["problems"]
    assert down.startswith("replication is down since ")
    assert down.endswith("run bondreplicate to take it up again")
    assert not [p for p in others if not p.startswith("link 2->1: ")]
    assert told["warnings"] == []
    there = pair[1].cli_json("status", check=1)["problems"]
    assert "link 1->2: replication is down at site 1: run bondreplicate there" in there
    found = [f for f in one.cli_json("doctor", check=1) if f["where"] == "this site"]
    assert [f["check"] for f in found if f["level"] == "problem"] == ["daemon"]
    assert not {f["check"] for f in found} & {"tables", "sequences", "capture"}
