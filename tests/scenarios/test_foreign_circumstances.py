"""What users have set up in their databases, and must not change what replication does."""

from collections.abc import Callable

import pytest

from tests.kit import Mesh, available_versions, eventually
from tests.scenarios.steps import PARKED, assert_whole

pytestmark = pytest.mark.timeout(120)
VERSIONS = (available_versions()[0], available_versions()[-1])
SETUP = """
create table note (id int primary key, body text, n int);
create table ddl_audit (id serial primary key, what text);
create table other (id int primary key);
"""
SETTINGS = {
    "array_nulls": "off",
    "backslash_quote": "on",
    "xmloption": "document",
    "transform_null_equals": "on",
    "default_transaction_isolation": "serializable",
    "gin_fuzzy_search_limit": "1",
    "restrict_nonsystem_relation_kind": "view",
    "debug_parallel_query": "regress",
    "datestyle": "german",
    "quote_all_identifiers": "on",
}


def test_settings_of_the_database_change_nothing(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(VERSIONS, SETUP, start=False)
    for site in mesh:
        for name, value in SETTINGS.items():
            if site.query("select from pg_settings where name = %s", [name]):
                site.execute(f"alter database {site.database.name} set {name} = '{value}'")
    mesh.start()
    mesh[1].execute("insert into note values (1, null, null), (2, 'NULL', 2), (3, 'three', null)")
    mesh[2].execute("insert into note values (4, null, 4)")
    assert_whole(mesh)
    for site in mesh:
        found = site.query("select id, body, n from note order by id")
        assert found == [(1, None, None), (2, "NULL", 2), (3, "three", None), (4, None, 4)]
        assert site.value(PARKED) == 0


AUDIT = """
create function audit() returns event_trigger language plpgsql as
$$ begin insert into ddl_audit (what) values (tg_tag); end $$;
create event trigger audit on ddl_command_end execute function audit();
"""


def test_an_event_trigger_without_a_search_path(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(VERSIONS, SETUP)
    mesh.settle()
    one, two = mesh
    for site in mesh:
        site.execute(AUDIT)
    for site in mesh:
        site.execute("create table fresh (id int primary key)")
        site.restart_daemon()
    one.execute("insert into fresh values (1)")
    two.execute("insert into other values (2)")
    eventually(lambda: two.query("select from fresh"), "a new table is replicated")
    eventually(lambda: one.query("select from other"), "the other link goes on")
    assert not [f for f in one.cli_json("doctor") if "event trigger" in f["message"]]
    one.execute("alter event trigger audit enable always")
    found = [f for f in one.cli_json("doctor", check=1) if "event trigger" in f["message"]]
    assert len(found) == 1
    assert found[0]["hint"].startswith("let it find its names: alter function ")
    one.execute("drop event trigger audit")


def test_a_prepared_transaction_holds_a_new_sequence(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh(VERSIONS, SETUP)
    mesh.settle()
    one, two = mesh
    one.stop_daemon()
    one.execute("create table fresh (id serial primary key)")
    with one.database.connect() as user:
        user.execute("begin; insert into fresh default values; prepare transaction 'held'")
    one.start_daemon()
    one.execute("insert into other values (1)")
    eventually(lambda: two.query("select from other"), "what does not depend on it is sent")
    assert "sequence public.fresh_id_seq is held by a transaction" in one.story()
    one.execute("commit prepared 'held'")
    eventually(
        lambda: one.value("select nextval('fresh_id_seq')") % 10 == 1, "the sequence is aligned"
    )
    two.execute("create table fresh (id serial primary key)")
    mesh.settle()
