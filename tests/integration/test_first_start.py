"""The first start at a site whose tables somebody holds at that moment."""

import threading
from collections.abc import Callable

import psycopg

from tests.kit import Mesh, available_versions, eventually

SETUP = """
create table item (id int primary key, name text);
insert into item values (501, 'as everywhere'), (502, 'here too');
"""
ALTERED_THERE = """
set session_replication_role = replica;
update item set name = 'other' where id = 501;
delete from item where id = 502;
insert into item values (503, 'surplus');
"""
HELD = "lock table item in share update exclusive mode"  # as autovacuum does


def test_rows_of_a_table_that_is_held_are_not_sent(new_mesh: Callable[..., Mesh]) -> None:
    """They were: what `verify` should have named was made the same behind its back."""
    mesh = new_mesh([available_versions()[-1]] * 2, SETUP, start=False)
    one, two = mesh
    with psycopg.connect(one.dsn) as holder:
        holder.execute(HELD)
        starts = threading.Thread(target=mesh.start)
        starts.start()
        waits = "select exists (select from pg_locks where relation = 'item'::regclass"
        eventually(lambda: one.value(f"{waits} and not granted)"), "the table is waited for")
        eventually(lambda: not one.value(f"{waits} and not granted)"), "and given up")
    starts.join()
    assert "table_busy" in one.log.read_text()
    two.psql(ALTERED_THERE)
    mesh.settle()
    for site, here, there in ((one, "here", "there"), (two, "there", "here")):
        [table] = site.cli_json("verify", check=1)["tables"]
        assert {(*d["key"], d["kind"]) for d in table["differences"]} == {
            ("501", "different"), ("502", f"missing {there}"), ("503", f"missing {here}"),
        }  # fmt: skip
