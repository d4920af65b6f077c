"""Tables that were not captured for a while: what was captured before, and what was written then.

Disabled, down, without logging, with triggers switched off.
"""

from collections.abc import Callable

from tests.kit import Mesh, Site, available_versions, eventually, pause
from tests.scenarios.steps import rows_of, settle

ITEM = """
create table item (id int primary key, v text);
insert into item values (1, 'old'), (2, 'old'), (3, 'old');
"""
CODED = """
create table item (id int primary key, code text not null unique, v int);
insert into item select i, 'c' || i, 0 from generate_series(1, 3) i;
"""
NEW_KEY = "alter table item drop constraint item_pkey, add primary key (code)"
LISTED = "select active, owed, reason from bondreplicate.replicate_tables where table_name = 'item'"
KEY = "select key_columns::text from bondreplicate.replicate_tables"
TRIGGERS = "select count(*) from pg_trigger where tgname ~ '^bondreplicate' and tgenabled = 'O'"
TWO = [available_versions()[0], available_versions()[-1]]


def went_down(site: Site) -> bool:
    return not site.is_running()


def test_what_was_captured_before_a_table_was_disabled_is_sent(
    new_mesh: Callable[..., Mesh],
) -> None:
    mesh = new_mesh(TWO, ITEM, proxies=True)
    here, there = mesh
    mesh.settle()
    with mesh.proxies[1, 2].refusing():
        here.execute("update item set v = 'new' where id = 1; delete from item where id = 2")
        here.cli("tables", "disable", "item")
        eventually(lambda: here.value(TRIGGERS) == 0, "its triggers are gone")
        eventually(lambda: here.query(LISTED)[0][:2] == (True, True), "it is owed")
        assert "is on its way to the other sites" in here.query(LISTED)[0][2]
        findings = here.cli_json("doctor", check=None)
        assert any("is on its way" in f["message"] for f in findings), findings
        here.execute("insert into item values (9, 'while disabled')")
    eventually(lambda: here.query(LISTED)[0][:2] == (False, False), "all is sent, it is released")
    assert there.query("select id, v from item order by 1") == [(1, "new"), (3, "old")]
    here.cli("tables", "enable", "item")
    eventually(lambda: here.value(TRIGGERS) == 5, "it is replicated again")
    mesh.assert_whole()
    assert rows_of(mesh, "item") == [(1, "new"), (3, "old"), (9, "while disabled")]


def test_a_key_that_changes_while_down_loses_no_delete(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(TWO, CODED)
    here, there = mesh
    mesh.settle()
    mesh.stop()
    here.execute("delete from item where id = 1; insert into item values (9, 'c9', 9)")
    here.psql("select replicate_down()")
    here.execute(NEW_KEY)
    there.execute(NEW_KEY)
    mesh.start()
    settle(mesh)
    for site in mesh:
        eventually(lambda site=site: site.value(KEY) == "{code}", f"{site} follows the new key")
    mesh.assert_whole()
    assert [row[0] for row in rows_of(mesh, "item")] == [2, 3, 9]


def test_a_key_that_is_gone_while_changes_are_unsent_is_refused(
    new_mesh: Callable[..., Mesh],
) -> None:
    mesh = new_mesh(TWO, CODED)
    here, there = mesh
    mesh.settle()
    mesh.stop()
    here.execute("delete from item where id = 1")
    here.psql("select replicate_down()")
    here.execute(f"{NEW_KEY}; alter table item drop column id")
    here.start_daemon()
    eventually(lambda: "were not sent to every site" in here.query(LISTED)[0][2], "it is refused")
    assert not here.query(LISTED)[0][0]
    assert "table_failed" in here.log.read_text()
    assert there.value("select count(*) from item") == 3


def test_rows_that_nobody_changed_while_down_beat_nothing(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(TWO, ITEM)
    here, there = mesh
    mesh.settle()
    here.stop_daemon()
    there.stop_daemon()
    there.execute("update item set v = 'unsent' where id = 1; delete from item where id = 2")
    here.psql("select replicate_down()")
    pause(0.1)
    there.psql("select replicate_down()")
    here.execute("update item set v = 'while down' where id = 3; insert into item values (4, 'n')")
    here.execute("vacuum (freeze, full) item")
    mesh.start()
    mesh.assert_whole()
    assert rows_of(mesh, "item") == [(1, "unsent"), (3, "while down"), (4, "n")]
    assert "writes_were_not_captured" in here.log.read_text()


def test_a_rewritten_table_is_sent_whole_after_it_was_down(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(TWO, ITEM)
    here, there = mesh
    mesh.settle()
    here.psql("select replicate_down()")
    eventually(lambda: went_down(here), "it ends")
    here.execute("update item set v = 'while down' where id = 1")
    here.execute("alter table item alter column v type varchar(50) using v || ''")
    there.execute("update item set v = 'later' where id = 2")
    here.start_daemon()
    mesh.assert_whole()
    assert rows_of(mesh, "item") == [(1, "while down"), (2, "later"), (3, "old")]


def settle_and_watch(mesh: Mesh, site: Site) -> None:
    """From then on the daemon of the site knows since when triggers may have been switched off."""
    mesh.settle()
    watched = "select watched_xid is not null from bondreplicate.replicate_clock"
    eventually(lambda: site.value(watched), "the triggers were looked at")


def test_what_is_written_while_triggers_are_switched_off_is_sent(
    new_mesh: Callable[..., Mesh],
) -> None:
    mesh = new_mesh(TWO, ITEM)
    here, there = mesh
    settle_and_watch(mesh, here)
    here.execute(
        "alter table item disable trigger all; insert into item values (4, 'loaded');"
        " update item set v = 'loaded' where id = 1; alter table item enable trigger all"
    )
    arrived = "select count(*) from item where v = 'loaded'"
    eventually(lambda: there.value(arrived) == 2, "what was loaded arrives")
    mesh.assert_whole()
    assert rows_of(mesh, "item") == [(1, "loaded"), (2, "old"), (3, "old"), (4, "loaded")]
    assert "capture_was_interrupted" in here.log.read_text()


def test_what_was_not_captured_replaces_what_was_captured_a_moment_before(
    new_mesh: Callable[..., Mesh],
) -> None:
    """Site 2 still remembers the version before, which is younger than the last look."""
    mesh = new_mesh(TWO, ITEM)
    here, there = mesh
    settle_and_watch(mesh, here)
    there.stop_daemon()
    here.execute("update item set v = 'captured'")
    eventually(lambda: there.query("select from item where v = 'captured'"), "it arrives")
    here.execute(
        "alter table item disable trigger all; update item set v = 'loaded ' || id;"
        " alter table item enable trigger all"
    )
    eventually(lambda: there.query("select from item where v ~ 'loaded'"), "what was loaded too")
    there.start_daemon()
    mesh.assert_whole()
    assert rows_of(mesh, "item") == [(i, f"loaded {i}") for i in (1, 2, 3)]


def test_what_is_written_while_a_table_is_not_logged_is_sent(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(TWO, ITEM)
    here, there = mesh
    settle_and_watch(mesh, here)
    here.execute("alter table item set unlogged")
    eventually(lambda: here.value(TRIGGERS) == 0, "it is released")
    here.execute("update item set v = 'loaded' where id = 1; insert into item values (4, 'loaded')")
    here.execute("alter table item set logged")
    arrived = "select count(*) from item where v = 'loaded'"
    eventually(lambda: there.value(arrived) == 2, "what was loaded arrives")
    mesh.assert_whole()
    assert rows_of(mesh, "item") == [(1, "loaded"), (2, "old"), (3, "old"), (4, "loaded")]


def test_rows_that_were_there_are_logged_after_a_crash_too(new_mesh: Callable[..., Mesh]) -> None:
    """The triggers are committed first, so that writers go on; then the rows are logged."""
    mesh = new_mesh(TWO, ITEM)
    here, there = mesh
    mesh.settle()
    here.stop_daemon()
    for site in mesh:
        site.execute("create table filled (id int primary key, v text)")
    here.execute("insert into filled select i, 'x' from generate_series(1, 1000) i")
    here.start_daemon(wait=False, failpoint="table_attached")
    here.wait_failpoint()
    here.execute("insert into filled values (0, 'captured')")
    here.start_daemon()
    eventually(lambda: there.value("select count(*) from filled") == 1001, "all rows arrive")
    mesh.assert_whole()
