"""`conflicts show`, `undo` and `purge` on sites that replicate."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.steps import assert_whole, parted, rows_of, up

pytestmark = pytest.mark.timeout(300)

ITEM = """
create table {t} (id int primary key, name text, price numeric, at timestamptz, code text unique,
    place int, vals text, r text, "50%" int default 50);
insert into {t} values (1, 'one', 1.0, '2026-01-01 12:00+02', 'c1'), (2, 'two', 2, null, 'c2');
"""


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["15", "18"])
    yield mesh
    mesh.end()


def found(site: Site, table: str) -> dict[str, Any]:
    """The one conflict of a table, as a site knows it."""

    def is_told() -> list[dict[str, Any]]:
        return site.cli_json("conflicts", "list", "--table", table)

    return eventually(is_told, f"{site} tells of a conflict in {table}", 20)[0]


def clash(
    mesh: Mesh, table: str, first: str, second: str, setup: str = ITEM, told_of: str = ""
) -> dict[str, Any]:
    """Write at site 1, then at site 2, before either knows; the conflict as site 1 has it.

    told_of: the table whose conflict it is, where that is another one.
    """
    up(mesh, setup.format(t=table), table)
    with parted(mesh):
        mesh[1].execute(first.format(t=table))
        mesh[2].execute(second.format(t=table))
    assert_whole(mesh)
    return found(mesh[1], told_of or table)


def test_undo_writes_the_row_that_lost_back_and_it_travels(mesh: Mesh):
    told = clash(
        mesh,
        "plain",
        "update {t} set name = 'paris', price = 1.50, place = 3, vals = 'v', r = 'r' where id = 1",
        "update {t} set name = 'lyon' where id = 1",
    )
    number = str(told["id"])
    shown = mesh[1].cli_json("conflicts", "show", number)
    assert [(s["site"], s["state"]) for s in shown["sites"]] == [
        (1, "as what stayed"),
        (2, "as what stayed"),
    ]
    assert shown["undo"]["possible"]
    text = mesh[1].cli("conflicts", "show", number).stdout
    assert "site 2 (site2) now: as what stayed" in text
    assert f"undo: `bondreplicate conflicts undo {number}` writes back what lost" in text
    done = mesh[1].cli("conflicts", "undo", number)
    assert (
        done.stdout
        == "public.plain, key 1: what lost is written back (name, price, place, vals, r)\n"
    )
    assert "no need to undo it elsewhere" in done.stderr
    assert_whole(mesh)
    assert [(r[1], str(r[2])) for r in rows_of(mesh, "plain")] == [("paris", "1.50"), ("two", "2")]
    again = mesh[1].cli("conflicts", "undo", number, check=1)
    assert f"error: conflict {number} is not undone: it was undone already, at " in again.stderr
    assert "hint: `bondreplicate conflicts undo" in again.stderr
    forced = mesh[1].cli("conflicts", "undo", number, "--force", check=1)
    assert "the row is as the version that lost already" in forced.stderr
    other = mesh[2].cli("conflicts", "undo", str(found(mesh[2], "plain")["id"]), check=1)
    assert "undone at another site, or written since" in other.stderr
    assert found(mesh[1], "plain")["undone_by"]
    assert "undone: at " in mesh[1].cli("conflicts", "show", number).stdout
    assert "; undone" in mesh[1].cli("conflicts", "list", "--table", "plain").stdout
    assert len(mesh[2].cli_json("conflicts", "list", "--table", "plain")) == 1


def test_a_row_that_was_changed_since_is_written_only_by_force(mesh: Mesh):
    told = clash(
        mesh,
        "since",
        "update {t} set name = 'paris' where id = 1",
        "update {t} set name = 'lyon' where id = 1",
    )
    number = str(told["id"])
    mesh[2].execute("update since set price = 9 where id = 1")
    assert_whole(mesh)
    refused = mesh[1].cli("conflicts", "undo", number, check=1)
    assert "is not undone: the row was changed since: price" in refused.stderr
    shown = mesh[1].cli_json("conflicts", "show", number)
    assert not shown["undo"]["possible"]
    assert shown["undo"]["command"].endswith("--force")
    text = mesh[1].cli("conflicts", "show", number).stdout
    assert "site 2 (site2) now: another row, unlike what stayed: price = '9'" in text
    mesh[1].execute("delete from since where id = 1")
    assert_whole(mesh)
    refused = mesh[1].cli_json("conflicts", "undo", number, check=1)
    assert refused["reason"] == "the row was changed since: it is not there any more"
    assert not refused["undone"]
    forced = mesh[1].cli_json("conflicts", "undo", number, "--force")
    assert (forced["written"], forced["differs"]) == ("insert", [])
    assert_whole(mesh)
    assert rows_of(mesh, "since")[0][1] == "paris"


def test_a_delete_that_lost_is_made_again_and_one_that_won_is_taken_back(mesh: Mesh):
    told = clash(
        mesh,
        "gone",
        "delete from {t} where id = 1; update {t} set name = 'kept' where id = 2",
        "update {t} set name = 'lyon' where id = 1; delete from {t} where id = 2",
    )
    assert rows_of(mesh, "gone")[0][1] == "lyon"
    both = {c["key"][0]: c["id"] for c in mesh[1].cli_json("conflicts", "list", "--table", "gone")}
    assert told["id"] in both.values()
    assert "the row is deleted" in mesh[1].cli("conflicts", "undo", str(both["1"])).stdout
    assert "is there again" in mesh[1].cli("conflicts", "undo", str(both["2"])).stdout
    assert_whole(mesh)
    assert [r[:2] for r in rows_of(mesh, "gone")] == [(2, "kept")]
    forced = mesh[1].cli("conflicts", "undo", str(both["1"]), "--force", check=1)
    assert "a delete lost, and the row is not there" in forced.stderr


def test_a_row_removed_for_a_unique_value_comes_back_when_that_is_free(mesh: Mesh):
    told = clash(
        mesh,
        "uniq",
        "insert into {t} values (11, 'paris', 1, null, 'same')",
        "insert into {t} values (12, 'lyon', 1, null, 'same')",
    )
    number = str(told["id"])
    shown = mesh[1].cli_json("conflicts", "show", number)
    assert [(s["name"], s["state"], s["stayed"]) for s in shown["sites"]] == [
        ("site1", "no row", "as it stayed"),
        ("site2", "no row", "as it stayed"),
    ]
    assert not shown["undo"]["possible"]
    assert shown["undo"]["reason"] == "row 12, which stayed, holds its value of code"
    text = mesh[1].cli("conflicts", "show", number).stdout
    assert "\n  the row that stayed, key 12: as it stayed\n" in text
    assert "\nundo: not as it is: row 12, which stayed, holds its value of code\n" in text
    assert "\nhint: another row has that value: change that one first" in text
    refused = mesh[1].cli("conflicts", "undo", number, check=3)
    assert refused.stderr.splitlines()[0].startswith(
        f"error: conflict {number} is not undone, public.uniq, key 11: duplicate key value"
    )
    assert "hint: another row has that value" in refused.stderr
    assert found(mesh[1], "uniq")["undone_at"] is None
    mesh[2].execute("update uniq set code = 'other' where id = 12")
    assert_whole(mesh)
    shown = mesh[1].cli_json("conflicts", "show", number)
    assert shown["undo"]["possible"]
    assert [s["stayed"] for s in shown["sites"]] == ["changed since"] * 2
    text = mesh[1].cli("conflicts", "show", number).stdout
    assert "the row that stayed, key 12: changed since: code = 'other'" in text
    mesh[1].cli("conflicts", "undo", number)
    assert_whole(mesh)
    assert [r[0] for r in rows_of(mesh, "uniq")] == [1, 2, 11, 12]


FAMILY = """
create table {t} (id int primary key, name text);
create table {t}_c (id int primary key, up int references {t} on delete cascade);
insert into {t} values (1, 'one'), (2, 'two');
"""


def test_a_child_waits_for_its_parent_and_a_parent_does_not_take_children_along(mesh: Mesh):
    first, second = "insert into {t}_c values (5, 1)", "delete from {t} where id = 1"
    number = str(clash(mesh, "fam", first, second, FAMILY, "fam_c")["id"])
    refused = mesh[1].cli("conflicts", "undo", number, check=3)
    assert "violates foreign key constraint" in refused.stderr
    assert "hint: the other end of the foreign key" in refused.stderr
    mesh[1].execute("insert into fam values (1, 'again')")
    mesh[1].cli("conflicts", "undo", number)
    assert_whole(mesh)
    assert rows_of(mesh, "fam_c") == [(5, 1)]
    with parted(mesh):
        mesh[1].execute("delete from fam where id = 2")
        mesh[2].execute("update fam set name = 'later' where id = 2")
    assert_whole(mesh)
    mesh[2].execute("insert into fam_c values (6, 2)")
    assert_whole(mesh)
    number = str(found(mesh[1], "fam")["id"])
    refused = mesh[1].cli("conflicts", "undo", number, check=1)
    assert "rows of public.fam_c point at it, and fam_c_up_fkey would do CASCADE" in refused.stderr
    mesh[1].cli("conflicts", "undo", number, "--force")
    assert_whole(mesh)
    assert (rows_of(mesh, "fam"), rows_of(mesh, "fam_c")) == ([(1, "again")], [(5, 1)])


NULLED = FAMILY.replace("cascade", "set null")
REFUSED = FAMILY.replace("on delete cascade", "")


def test_a_reference_set_to_null_and_a_parent_that_was_kept(mesh: Mesh):
    first, second = "insert into {t}_c values (5, 1)", "delete from {t} where id = 1"
    number = str(clash(mesh, "nul", first, second, NULLED, "nul_c")["id"])
    shown = mesh[1].cli_json("conflicts", "show", number)
    assert shown["undo"]["possible"], shown
    assert "violates foreign key" in mesh[1].cli("conflicts", "undo", number, check=3).stderr
    mesh[1].execute("insert into nul values (1, 'again')")
    mesh[1].cli("conflicts", "undo", number)
    assert_whole(mesh)
    assert rows_of(mesh, "nul_c") == [(5, 1)]
    number = str(clash(mesh, "kept", first, second, REFUSED)["id"])
    text = mesh[1].cli("conflicts", "show", number).stdout
    assert "site 2 (site2) now: " in text
    assert "unlike what lost: \n" not in text
    assert "violates foreign key" in mesh[1].cli("conflicts", "undo", number, check=3).stderr
    mesh[1].execute("delete from kept_c")
    mesh[1].cli("conflicts", "undo", number)
    assert_whole(mesh)
    assert rows_of(mesh, "kept") == [(2, "two")]


def test_undo_waits_for_whoever_changes_the_row_and_then_sees_the_change(mesh: Mesh):
    told = clash(
        mesh,
        "busy",
        "update {t} set name = 'paris' where id = 1",
        "update {t} set name = 'lyon' where id = 1",
    )
    number = str(told["id"])
    done: list[Any] = []
    with mesh[1].database.connect() as user, user.transaction():
        user.execute("update busy set price = 7 where id = 1")
        undo = threading.Thread(
            target=lambda: done.append(mesh[1].cli("conflicts", "undo", number, check=None))
        )
        undo.start()
        waits = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
        eventually(
            lambda: mesh[1].value(waits + " and application_name = 'bondreplicate command'"),
            "undo waits",
        )
    undo.join()
    assert done[0].returncode == 1
    assert "changed since: price" in done[0].stderr
    with mesh[1].database.connect() as user, user.transaction():
        user.execute("update busy set price = 8 where id = 1")
        late = mesh[1].cli("conflicts", "undo", number, check=3)
    assert "hint: somebody is changing that row" in late.stderr
    assert found(mesh[1], "busy")["undone_at"] is None
    assert_whole(mesh)
    assert rows_of(mesh, "busy")[0][1] == "lyon"
    there = str(found(mesh[2], "busy")["id"])
    with parted(mesh):  # both at once, before either knows
        mesh[1].cli("conflicts", "undo", number, "--force")
        mesh[2].cli("conflicts", "undo", there, "--force")
    assert_whole(mesh)
    assert rows_of(mesh, "busy")[0][1] == "paris"
    assert len(mesh[1].cli_json("conflicts", "list", "--table", "busy")) == 1


def test_triggers_of_the_table_fire_with_the_settings_of_a_user(mesh: Mesh):
    setup = ITEM + (
        "create table {t}_audit (id int, name text, shown text, primary key (id, name));"
        "create function {t}_note() returns trigger language plpgsql as $$ begin"
        " insert into {t}_audit values (new.id, new.name, current_setting('TimeZone'));"
        " new.price := new.price + 1; return new; end $$;"
        "create trigger note before update on {t} for each row execute function {t}_note();"
    )
    told = clash(
        mesh,
        "trig",
        "update {t} set name = 'paris' where id = 1",
        "update {t} set name = 'lyon' where id = 1",
        setup,
    )
    mesh[1].execute("alter database " + mesh[1].database.name + " set timezone = 'Asia/Tokyo'")
    mesh[1].execute("alter table trig add column more int default 5")
    mesh[2].execute("alter table trig add column more int default 5")
    mesh[1].execute("delete from trig_audit")
    mesh[1].execute("alter table trig disable trigger note; update trig set more = 6")
    mesh[1].execute("update trig set price = 1; alter table trig enable trigger note")
    assert_whole(mesh)
    done = mesh[1].cli("conflicts", "undo", str(told["id"]), "--force")
    assert "note: not as in the version that lost: price (a trigger?)" in done.stderr
    assert_whole(mesh)
    assert rows_of(mesh, "trig_audit") == [(1, "paris", "Asia/Tokyo")]
    first = rows_of(mesh, "trig")[0]
    assert (first[1], first[2], first[-1]) == ("paris", 3, 6)
    mesh[1].execute(
        "create or replace function trig_note() returns trigger language plpgsql"
        " as 'begin return null; end';"
        "alter table trig disable trigger note; update trig set name = 'x' where id = 1;"
        "alter table trig enable trigger note"
    )
    kept = mesh[1].cli("conflicts", "undo", str(told["id"]), "--force", check=3)
    assert "a trigger or a rule of public.trig kept the row from being written" in kept.stderr
    assert_whole(mesh)
    assert rows_of(mesh, "trig")[0][1] == "x"


def test_columns_and_tables_that_are_gone_are_told(mesh: Mesh):
    told = clash(
        mesh,
        "alt",
        "update {t} set name = 'paris' where id = 1",
        "update {t} set name = 'lyon' where id = 1",
    )
    number = str(told["id"])
    for site in mesh:
        site.execute("alter table alt rename column name to title")
    refused = mesh[1].cli("conflicts", "undo", number, "--force", check=1)
    assert "public.alt has no column name any more that could be written" in refused.stderr
    assert f"hint: write it by hand: `bondreplicate conflicts show {number}`" in refused.stderr
    assert "no column name" in mesh[1].cli("conflicts", "show", number).stdout
    mesh[1].cli("tables", "disable", "alt")
    is_off = "select not active from bondreplicate.replicate_tables where table_name = 'alt'"
    eventually(lambda: mesh[1].value(is_off), "the daemon follows `tables disable`")
    refused = mesh[1].cli("conflicts", "undo", number, check=1)
    assert "public.alt is not replicated" in refused.stderr
    for site in mesh:
        site.execute("drop table alt")
    refused = mesh[1].cli("conflicts", "undo", number, check=1)
    assert "public.alt is not here: it was dropped or renamed since" in refused.stderr
    text = mesh[1].cli("conflicts", "show", number).stdout
    assert "site 2 (site2) now: public.alt is not here" in text


def test_mistyped_numbers_and_ages_are_told_in_one_line(mesh: Mesh):
    cases = [
        (["undo", "999999"], "there is no conflict 999999"),
        (["undo", "x"], "'x' is not a valid integer"),
        (["show", "0"], "0 is not in the range"),
        (["undo", "99999999999999999999"], "is not in the range"),
        (["purge", "--older-than", "30 fortnights"], "'30 fortnights' is no age"),
        (["purge", "--older-than", "-1d"], "'-1d' is no age"),
        (["purge", "--older-than", "999999999w"], "is no age"),
        (["purge"], "Missing option '--older-than'"),
    ]
    for args, told in cases:
        said = mesh[1].cli("conflicts", *args, check=2).stderr
        assert told in said
        assert len(said.splitlines()) == 2, said


PURGED = "select conflicts_purged is not null from bondreplicate.replicate_state"


def test_purge_keeps_what_others_have_not_been_told_and_does_not_take_it_back(mesh: Mesh):
    for site in mesh:
        site.cli("conflicts", "purge", "--older-than", "0s")
        assert site.cli_json("conflicts", "list") == []
    clash(
        mesh,
        "old",
        "update {t} set name = 'paris' where id = 1",
        "update {t} set name = 'lyon' where id = 1",
    )
    assert mesh[1].cli_json("conflicts", "purge", "--older-than", "1h")["purged"] == 0
    # Found here, and told to nobody yet: its transaction is later than all that the peer has.
    mesh[2].stop_daemon()
    mesh[1].stop_daemon()
    source = "update bondreplicate.replicate_error set source = %s, xid = pg_current_xact_id()"
    mesh[1].execute(source, [1])
    kept = mesh[1].cli("conflicts", "purge", "--older-than", "0s")
    assert kept.stdout == "0 conflicts removed\n"
    assert "note: 1 conflict kept: not known to be told to every site yet" in kept.stderr
    mesh[1].execute(source, [2])
    mesh[2].execute(source, [2])
    assert mesh[1].cli_json("conflicts", "purge", "--older-than", "0s")["purged"] == 1
    mesh.start()
    # Site 2 tells it again, as to a copy; what comes after it arrives.
    mesh[2].execute("update old set name = 'next' where id = 1")
    assert_whole(mesh)
    assert mesh[1].cli_json("conflicts", "list") == []
    assert len(mesh[2].cli_json("conflicts", "list")) == 1


def test_the_daemon_removes_what_is_older_than_conflicts_keep_days(mesh: Mesh):
    count = "select count(*) from bondreplicate.replicate_error where table_name = 'long_ago'"
    mesh[2].execute(
        "insert into bondreplicate.replicate_error (source, at, schema_name, table_name, key, kind,"
        " rule, outcome, columns, winner_stamp)"
        " select 1, now() - case when n < 1200 then interval '91 days' else interval '89 days' end,"
        " 'public', 'long_ago', '{1}', 'concurrent', 'r', 'o', '{id}', now() - n * interval '1 s'"
        " from generate_series(1, 1200) n"
    )
    mesh[2].restart_daemon()
    eventually(lambda: mesh[2].value(count) == 1, "the daemon purges", 30)
    assert mesh[2].value(PURGED)
