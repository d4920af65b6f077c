"""Tables merged by column meet the rest of the machinery: streams, undo, down and up."""

import json
import time
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.columns import outcomes, resolve, up_by_column
from tests.scenarios.steps import PARKED, assert_whole, parted, rows_of, up

pytestmark = pytest.mark.timeout(180)

LARGE = 10_500
"""Rows of a batch that is streamed."""
SETUP = (
    "create table {t} (id int primary key, a text, b text, c text);"
    "insert into {t} select i, 'a', 'b', 'c' from generate_series(1, {rows}) i"
)
BY_COLUMN = (
    "select count(*) from pg_trigger where tgrelid = %s::regclass"
    " and tgname = 'bondreplicate_update' and tgfoid::regproc::text ~ 'capture_columns'"
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def test_large_batches_of_single_columns(mesh: Mesh) -> None:
    up_by_column(mesh, SETUP.format(t="large", rows=LARGE), "large")
    with parted(mesh):
        mesh[1].execute("update large set a = 'a1'")
        mesh[2].execute("update large set b = 'b2' where id > 1; update large set a = 'a2'"
                        " where id = 3; delete from large where id = 2")  # fmt: skip
    assert_whole(mesh, rounds=1)
    rows = rows_of(mesh, "large")
    assert rows[:2] == [(1, "a1", "b", "c"), (3, "a2", "b2", "c")]
    assert rows[2:] == [(i, "a1", "b2", "c") for i in range(4, LARGE + 1)]
    assert [key for key, _, _ in outcomes(mesh, "large")] == ["2", "3"]
    for site in mesh:
        made, merged = seconds_of_large_batches(site)
        assert merged < 8 * made, "merging takes time with the square of the rows"


def seconds_of_large_batches(site: Site) -> list[float]:
    """How long each large batch took that a site sent."""
    told = [json.loads(line) for line in site.story().splitlines() if '"batch_applied"' in line]
    return [batch["seconds"] for batch in told if batch["rows"] >= LARGE - 1]


def test_writing_a_row_costs_about_as_much_as_where_rows_are_merged(mesh: Mesh) -> None:
    """Single statements, as applications write them: each is planned, and must not be compiled."""
    up_by_column(mesh, SETUP.format(t="priced", rows=100), "priced")
    up(mesh, SETUP.format(t="plain", rows=100), "plain")
    for site in mesh:
        took_s = {}
        for table in ("plain", "priced", "plain", "priced"):
            began = time.monotonic()
            with psycopg.connect(site.dsn) as user:
                for key in range(1, 101):
                    user.execute(f"update {table} set a = 'x' where id = {key}")
            took = time.monotonic() - began
            took_s[table] = min(took, took_s.get(table, took))
        assert took_s["priced"] < 10 * took_s["plain"], (site, took_s)


def test_undo_leaves_other_columns_as_they_are(mesh: Mesh) -> None:
    up_by_column(mesh, SETUP.format(t="undone", rows=1), "undone")
    with parted(mesh):
        mesh[1].execute("update undone set a = 'a1'")
        mesh[2].execute("update undone set a = 'a2', b = 'b2'")
    mesh.settle()
    mesh[1].execute("update undone set c = 'later'")
    assert_whole(mesh, rounds=1)
    [conflict] = [c for c in mesh[2].conflicts() if c["table_name"] == "undone"]
    told = mesh[2].cli_json("conflicts", "undo", str(conflict["id"]))
    told = told[0] if isinstance(told, list) else told
    assert (told["undone"], told["columns"], told["differs"]) == (True, ["a"], [])
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "undone") == [(1, "a1", "b2", "later")]


def test_it_is_followed_without_logging_rows_again(mesh: Mesh) -> None:
    """And what a trigger that was switched off has missed is logged as changes of whole rows."""
    up_by_column(mesh, SETUP.format(t="off", rows=2), "off")
    off = "alter table off {} trigger bondreplicate_update"
    resolve(mesh, "row", "off")
    resolve(mesh, "column", "off")
    assert "capture_was_interrupted" not in mesh[1].log.read_text()
    mesh[1].execute(off.format("disable") + "; update off set a = 'a1' where id = 1")
    mesh[1].execute(off.format("enable"))
    eventually(lambda: mesh[2].value("select a from off where id = 1") == "a1", "it is sent")
    assert_whole(mesh, rounds=1)
    assert mesh[1].value(BY_COLUMN, ["off"]) == 1


def test_down_and_up_again(mesh: Mesh) -> None:
    up_by_column(mesh, SETUP.format(t="downed", rows=2), "downed")
    mesh[2].psql("select replicate_down()")
    eventually(lambda: not mesh[2].is_running(), "its daemon ends")
    assert mesh[2].value(BY_COLUMN, ["downed"]) == 0
    mesh[2].start_daemon()
    eventually(lambda: mesh[2].value(BY_COLUMN, ["downed"]) == 1, "it is captured by column again")
    mesh.settle()
    with parted(mesh):
        mesh[2].execute("update downed set b = 'b2'")
        mesh[1].execute("update downed set a = 'a1'")
    assert_whole(mesh, rounds=1)
    assert rows_of(mesh, "downed") == [(1, "a1", "b2", "c"), (2, "a1", "b2", "c")]


ANOTHER_KEY = "alter table {t} drop constraint {t}_pkey, add primary key (v)"
KEY = "select key_columns::text from bondreplicate.replicate_tables where table_name = %s"


@pytest.mark.parametrize(
    ("table", "alter", "write"),
    [
        ("otherwise", "", "update {t} set id = 1.00, b = 'b1'"),
        ("altered", ANOTHER_KEY, "update {t} set b = 'b1'"),
    ],
)
def test_what_waits_is_told_by_another_key_by_now(
    mesh: Mesh, table: str, alter: str, write: str
) -> None:
    """The columns of both changes arrive, where 1.0 is written 1.00, and where v is the key."""
    setup = f"create table {table} (id numeric primary key, v int not null unique, a text, b text)"
    up_by_column(mesh, f"{setup}; insert into {table} values (1.0, 7)", table)
    mesh[2].execute(f"alter table {table} add constraint no_bad check (a <> 'bad')")
    mesh[1].execute(f"update {table} set a = 'bad'")
    eventually(lambda: mesh[2].value(PARKED) == 1, "it waits")
    told = "select count(*) from bondreplicate.replicate_log where source = 1"
    eventually(lambda: mesh[1].value(told) == 0, "site 1 has forgotten that it wrote it")
    for site in mesh if alter else ():
        site.execute(alter.format(t=table))
    for site in mesh if alter else ():
        eventually(lambda site=site: site.value(KEY, [table]) == "{v}", f"{site} follows the key")
    mesh[1].execute(write.format(t=table))
    eventually(lambda: mesh[1].value(told) == 0, "site 2 has that too")
    mesh[2].execute(f"alter table {table} drop constraint no_bad")
    assert_whole(mesh, rounds=1)
    assert [row[1:] for row in rows_of(mesh, table)] == [(7, "bad", "b1")]
