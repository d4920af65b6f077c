"""Tables where not the later change stays, but that of a preferred site, or what a hook makes."""

import re
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.columns import orders_of
from tests.scenarios.policies import ORDERS, among, set_policies, told
from tests.scenarios.steps import assert_whole, conflicts, parted, rows_of, settle, two_or_three, up

pytestmark = pytest.mark.timeout(300)

SITE = "the row of the preferred site stays"
MADE = "what public.{} made of both stays"
IN_ORDER = pytest.mark.parametrize(
    "order", [pytest.param(o, marks=() if o == "forth" else pytest.mark.soak) for o in ORDERS]
)
"""Every day one order of arrival; at full size all."""
FORM = "(key text[], later jsonb, earlier jsonb, later_version jsonb, earlier_version jsonb)"
HOOKS = f"""
create function larger{FORM} returns jsonb immutable language sql as $$
    select case when (earlier ->> 'n')::int > (later ->> 'n')::int then earlier else later end $$;
create function added{FORM} returns jsonb stable language plpgsql as $$ begin
    return case later ->> 't'
        when 'raise' then jsonb_build_object('n', 1 / ((later ->> 'n')::int - 5))
        when 'stray' then '{{"nobody": 1}}'
        when 'check' then '{{"n": -1}}'
        when 'null' then null
        else jsonb_build_object('n', (later ->> 'n')::int + (earlier ->> 'n')::int)
    end; end $$;
"""
TABLE = (
    "create table {t} (id int primary key, t text, n int default 0 check (n >= 0));"
    "insert into {t} select i, 'base' from generate_series(1, 9) i;"
)
MORE = """
create table child (id int primary key, p int references parent);
create table code (id int primary key, code text unique, t text);
insert into code values (1, 'base', 'base');
create table coded (
    id int primary key, code text references code (code) on update cascade
);
"""
FAMILY = ("child", "code", "coded")
BY_SITE = ("site-priority", "--sites", "2,1")


@pytest.fixture(scope="module", params=two_or_three(("15", "18"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param, proxies=True)
    orders = sorted(orders_of(request))
    by_site = [f"{kind}_{o}" for kind in ("pr", "three") for o in orders] + [
        "parent",
        "cut",
        "apart",
    ]
    by_hook = {"larger": [f"larger_{o}" for o in orders], "added": [f"added_{o}" for o in orders]}
    by_hook["added"].append("differs")
    tables = [*by_site, *by_hook["larger"], *by_hook["added"]]
    up(mesh, HOOKS + "".join(TABLE.format(t=t) for t in tables) + MORE, *tables, *FAMILY)
    set_policies(
        mesh,
        dict.fromkeys([*by_site, "code"], BY_SITE)
        | {t: ("hook", "--function", f"public.{f}") for f, names in by_hook.items() for t in names},
    )
    yield mesh
    mesh.end()


@IN_ORDER
def test_the_preferred_site_wins_whatever_is_later(mesh: Mesh, order: str) -> None:
    table = f"pr_{order}"
    one, two = mesh[1], mesh[2]
    with parted(mesh, among(mesh, ORDERS[order])):
        # The preferred site first, then the other: there the later version would stay.
        two.execute(f"update {table} set t = 'two' where id in (1, 2)")
        two.execute(f"delete from {table} where id = 3; insert into {table} values (11, 'two')")
        one.execute(f"update {table} set t = 'one' where id in (1, 3)")
        one.execute(f"delete from {table} where id = 2; insert into {table} values (11, 'one')")
        # And the other way about.
        one.execute(f"update {table} set t = 'one' where id in (4, 6)")
        one.execute(f"delete from {table} where id = 5; insert into {table} values (12, 'one')")
        two.execute(f"update {table} set t = 'two' where id in (4, 5)")
        two.execute(f"delete from {table} where id = 6; insert into {table} values (12, 'two')")
        # Nobody was against it.
        one.execute(f"update {table} set t = 'alone' where id = 7")
    assert_whole(mesh)
    assert [row[:2] for row in rows_of(mesh, table)] == [
        (1, "two"), (2, "two"), (4, "two"), (5, "two"), (7, "alone"),
        (8, "base"), (9, "base"), (11, "two"), (12, "two"),
    ]  # fmt: skip
    found = {c["key"][0]: c for c in told(mesh, table, SITE)}
    assert sorted(found) == ["1", "11", "2", "3"]
    won, lost = found["1"]["winner_row"], found["1"]["loser_row"]
    assert (won, lost) == (["1", "two", "0"], ["1", "one", "0"])
    assert (found["2"]["winner_row"], found["2"]["loser_row"]) == (["2", "two", "0"], None)
    assert (found["3"]["winner_row"], found["3"]["loser_row"]) == (None, ["3", "one", "0"])
    for conflict in found.values():
        assert (conflict["winner_site"], conflict["loser_site"]) == (2, 1)
        assert (conflict["winner_repair"], conflict["loser_repair"]) == (1, 0)
        assert conflict["winner_stamp"] > conflict["loser_stamp"]


@IN_ORDER
def test_three_writers_end_alike_and_what_was_seen_does_not_come_back(
    mesh: Mesh, order: str
) -> None:
    table = f"three_{order}"
    with parted(mesh, among(mesh, ORDERS[order])):
        for site in (2, 3, 1):
            if site <= len(mesh.sites):
                mesh[site].execute(f"update {table} set t = 'w{site}' where id < 4")
    assert_whole(mesh)
    assert all(row[1] != "base" for row in rows_of(mesh, table) if row[0] < 4)
    # Who comes after a decision is no preferred site, and has seen it.
    mesh[1].execute(f"update {table} set t = 'after' where id = 1")
    assert_whole(mesh)
    assert rows_of(mesh, table)[0][1] == "after"


def test_a_conflict_is_shown_and_undone(mesh: Mesh) -> None:
    with parted(mesh):
        mesh[2].execute("update apart set t = 'two' where id in (1, 2)")
        mesh[1].execute("update apart set t = 'one' where id = 1; delete from apart where id = 2")
    assert_whole(mesh)
    assert [row[1] for row in rows_of(mesh, "apart")][:2] == ["two", "two"]
    told(mesh, "apart", SITE)
    number = "select id from bondreplicate.replicate_error where table_name = 'apart' and key = %s"
    for key in "12":
        [[found]] = mesh[1].query(f"{number} and rule = '{SITE}'", [[key]])
        assert SITE in mesh[1].cli("conflicts", "show", str(found)).stdout
        mesh[1].cli("conflicts", "undo", str(found))
    assert_whole(mesh)
    assert [row[:2] for row in rows_of(mesh, "apart")][:2] == [(1, "one"), (3, "base")]


def test_what_the_rules_of_the_schema_make_of_it(mesh: Mesh) -> None:
    mesh[1].execute("insert into coded values (1, 'base'), (2, 'base')")
    settle(mesh)
    with parted(mesh):
        mesh[2].execute(
            "delete from parent where id in (1, 2); update code set t = 'two';"
            "update cut set t = 'two' where id = 1"
        )
        mesh[1].execute(
            "update parent set t = 'one' where id in (1, 2); insert into child values (1, 1);"
            "update code set code = 'one'; truncate cut"
        )
    assert_whole(mesh)
    # The delete is preferred, and loses against the child, as any does.
    assert [row[0] for row in rows_of(mesh, "parent")][:2] == [1, 3]
    assert rows_of(mesh, "child") == [(1, 1)]
    # Children follow the code that their parent has again.
    assert rows_of(mesh, "code") == [(1, "base", "two")]
    assert rows_of(mesh, "coded") == [(1, "base"), (2, "base")]
    # TRUNCATE is decided by version.
    assert rows_of(mesh, "cut") == []


@IN_ORDER
def test_a_hook_that_takes_the_larger_value(mesh: Mesh, order: str) -> None:
    table = f"larger_{order}"
    with parted(mesh, among(mesh, ORDERS[order])):
        mesh[1].execute(f"update {table} set t = 'one', n = 10 * id where id < 4")
        mesh[2].execute(f"update {table} set t = 'two', n = 20 where id < 4")
    assert_whole(mesh)
    assert rows_of(mesh, table)[:3] == [(1, "two", 20), (2, "two", 20), (3, "one", 30)]
    [conflict] = told(mesh, table, MADE.format("larger"))
    assert conflict["winner_row"] == ["3", "one", "30"]
    assert conflict["loser_row"] == ["3", "two", "20"]


@IN_ORDER
def test_a_hook_that_merges_deletes_and_fails(mesh: Mesh, order: str) -> None:
    table = f"added_{order}"
    words = ("two", "raise", "stray", "check", "null")
    with parted(mesh, among(mesh, ORDERS[order])):
        mesh[1].execute(f"update {table} set t = 'one', n = 10 where id < 6")
        for key, word in enumerate(words, 1):
            mesh[2].execute(f"update {table} set t = '{word}', n = 5 where id = {key}")
    assert_whole(mesh)
    assert rows_of(mesh, table)[:5] == [
        (1, "two", 15), (2, "raise", 5), (3, "stray", 5), (4, "check", 5), (6, "base", 0),
    ]  # fmt: skip
    merged = [c for c in told(mesh, table, MADE.format("added")) if c["key"] == ["1"]]
    assert [c["winner_row"] for c in merged] == [["1", "two", "15"]] * 2
    assert {c["loser_row"][2] for c in merged} == {"10", "5"}
    rules = {c["key"][0]: c["rule"] for c in told(mesh, table, "the later version stays")}
    assert "division by zero" in rules["2"]
    assert "returned a column nobody" in rules["3"]
    assert "violates check constraint" in rules["4"]
    deleted = [c for c in told(mesh, table, MADE.format("added")) if c["key"] == ["5"]]
    assert [c["winner_row"] for c in deleted] == [None, None]


def test_a_hook_that_differs_is_not_used(mesh: Mesh) -> None:
    made_of = "select bondreplicate.hook_made_of('public.added')"
    assert len({site.value(made_of) for site in mesh}) == 1
    shape = "select shape from bondreplicate.replicate_tables where table_name = 'differs'"
    before = mesh[2].value(shape)
    [[source]] = mesh[2].query("select pg_get_functiondef(%s::regproc)", ["public.added"])
    mesh[2].execute(source.replace("::int + ", "::int * "))
    eventually(lambda: mesh[2].value(shape) != before, "the daemon has noticed")
    doctor = mesh[1].cli("doctor", check=None).stdout
    assert re.search(r"public\.differs.*hook public\.added.*the later change stays", doctor), doctor
    status = mesh[1].cli_json("status", check=None)
    not_used = {(i["origin"], i["target"]): i["policies_not_used"] for i in status["links"]}
    assert {n for n, tables in not_used.items() if "public.differs" in tables} == {(1, 2), (2, 1)}
    [warning] = [w for w in status["warnings"] if "policy" in w]
    assert re.search(r"public\.differs is not used between this site and site 2", warning), warning
    assert warning in " ".join(mesh[1].cli("status", check=None).stdout.split())
    # No batch is applied any more by what a link knew before.
    with parted(mesh):
        mesh[1].execute("update differs set t = 'one', n = 10 where id = 1")
        mesh[2].execute("update differs set t = 'two', n = 5 where id = 1")
    assert_whole(mesh)
    assert rows_of(mesh, "differs")[0] == (1, "two", 5)
    assert [c["rule"] for c in conflicts(mesh[1], "differs")] == ["the later version stays"]
    mesh[2].execute(source)
    settle(mesh)


def test_what_cannot_be_a_policy_is_refused(mesh: Mesh) -> None:
    site = mesh[1]
    site.execute(
        f"create function writes{FORM} returns jsonb language sql as 'select null::jsonb';"
        f"create function lists{FORM} returns setof jsonb stable language sql"
        " as 'select null::jsonb'"
    )
    for arguments, words in (
        (("apart", "site-priority"), "site-priority needs sites"),
        (("apart", "site-priority", "--sites", "x"), "not numbers of sites"),
        (("apart", "site-priority", "--sites", "2,2"), "a site is named twice"),
        (("apart", "site-priority", "--sites", "2,8"), "site 8 is not in replicate_hosts"),
        (("apart", "latest", "--sites", "2"), "--sites is for site-priority"),
        (("apart", "hook"), "hook needs a function"),
        (("apart", "hook", "--function", "public.none"), "there is no function public.none"),
        (("apart", "hook", "--function", "no such"), "there is no function no such"),
        (("apart", "hook", "--function", "public.writes"), "public.writes is VOLATILE"),
        (("apart", "hook", "--function", "public.lists"), "does not return one jsonb"),
    ):
        refused = site.cli("tables", "policy", *arguments, check=None)
        assert refused.returncode == 2, refused
        assert words in refused.stderr, refused.stderr
    refused = site.cli("tables", "resolve", "apart", "column", check=None)
    assert "public.apart has the policy site-priority 2, 1" in refused.stderr
    listed = {t["table"]: t for t in site.cli_json("tables", "list")}["public.apart"]
    assert (listed["policy"], listed["priority"], listed["hook"]) == ("site_priority", [2, 1], None)
    assert "site-priority 2, 1" in site.cli("tables", "list").stdout
