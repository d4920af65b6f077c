"""The checks of the command line on sites that replicate, while clients write at all of them."""

import threading
from collections.abc import Callable

import pytest

from tests.kit.eventually import eventually
from tests.kit.mesh import Mesh
from tests.kit.site import Site

pytestmark = pytest.mark.timeout(300)

SETUP = """
create table account (id int primary key, balance int not null default 0, note text);
insert into account select n from generate_series(1, 500) n;
create table entry (id bigserial primary key, account int not null references account, at text);
"""


def write(site: Site, stop: threading.Event) -> None:
    """Change hot rows and add new ones until told to stop, some 40 times a second."""
    with site.database.connect() as connection:
        n = 0
        while not stop.wait(0.025):
            n += 1
            connection.execute(
                "update account set balance = balance + 1, note = %s where id = %s",
                [f"{site.number}.{n}", n % 7 + 1],
            )
            connection.execute("insert into entry (account, at) values (%s, 'x')", [n % 500 + 1])


def test_verify_gives_no_false_alarm_under_load_and_names_a_row_changed_behind_its_back(
    new_mesh: Callable[..., Mesh],
):
    mesh = new_mesh(None, SETUP)
    stop = threading.Event()
    writers = [threading.Thread(target=write, args=[site, stop]) for site in mesh]
    for writer in writers:
        writer.start()
    try:
        for site in mesh:
            # Hot rows may differ at every look: that is told, and is no difference.
            found = site.cli_json("verify", "--settle", "1", check=None)
            assert not [d for t in found["tables"] for d in t["differences"]]
            assert found["same"] == (not any(t["in_flight"] for t in found["tables"]))
            assert {t["peer"] for t in found["tables"]} == {1, 2, 3} - {site.number}
            assert all(a["arrived"] for a in site.cli_json("wait", "--timeout", "30"))
        assert mesh[1].cli_json("status", check=None)["tables_replicated"] == 2
    finally:
        stop.set()
        for writer in writers:
            writer.join()
    mesh.settle()
    assert mesh[2].cli_json("verify")["same"]
    assert mesh[1].cli_json("status")["problems"] == []
    assert {x["state"] for x in mesh[1].cli_json("status")["links"]} == {"in step"}
    mesh[2].execute(
        "set session_replication_role = replica; update account set note = 'forged' where id = 77"
    )
    done = mesh[1].cli("verify", check=1)
    assert "public.account, sites 1 and 2: 1 key DIFFERS" in done.stdout
    assert "  key 77: different" in done.stdout
    assert "public.account, sites 1 and 3: same" in done.stdout


def test_status_wait_and_doctor_tell_of_a_daemon_that_stopped_and_a_table_switched_off(
    new_mesh: Callable[..., Mesh],
):
    mesh = new_mesh(None, SETUP)
    mesh[2].stop_daemon()
    mesh[2].execute("update account set note = 'kept' where id = 1")
    links = {
        f"{x['origin']}->{x['target']}": x for x in mesh[1].cli_json("status", check=1)["links"]
    }
    assert links["2->1"]["state"] == "no daemon"
    assert links["2->1"]["rows_waiting"] == 1
    assert "is behind" in mesh[2].cli("wait", "--timeout", "0.5", check=1).stderr
    mesh[2].start_daemon()
    mesh[2].cli("wait", "--timeout", "30")
    assert mesh[1].value("select note from account where id = 1") == "kept"
    for site in mesh:
        site.cli("tables", "disable", "entry")

    def switched_off() -> bool:
        listed = {t["table"]: t for t in mesh[1].cli_json("tables", "list")}
        return not listed["public.entry"]["replicated"]

    eventually(switched_off, "the daemon follows `tables disable`", 10)
    skipped = {t["table"]: t["skipped"] for t in mesh[1].cli_json("verify")["tables"]}
    assert "disabled" in skipped["public.entry"]
    mesh.settle()
    findings = mesh[1].cli_json("doctor")
    assert {f["level"] for f in findings} <= {"ok", "warning"}
    assert "daemon" in {f["check"] for f in findings}
