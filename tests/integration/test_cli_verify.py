"""`bondreplicate verify` on two sites that differ in known ways, across PostgreSQL versions."""

from collections.abc import Callable

import pytest

from tests.integration.pair import log_change, make_pair, park, set_position
from tests.kit.mesh import Mesh
from tests.kit.site import Site

ROWS = """
insert into item select n, 'name ' || n, n / 3.0, '2024-01-01'::timestamptz + n * interval '1 h',
    case when n % 7 = 0 then null else array['a' || n, null, chr(11), ' ', 'q"''\\, {}'] end
    from generate_series(1, 3000) n;
insert into line select n / 3, n % 3, case when n % 2 = 0 then 'NULL' end
    from generate_series(1, 900) n;
"""


@pytest.fixture
def pair(new_mesh: Callable[..., Mesh]) -> tuple[Site, Site]:
    sites = make_pair(new_mesh)
    for site in sites:
        site.execute(ROWS)
    return sites


def verify(site: Site, *args: str, status: int) -> dict[str, dict]:
    found = site.cli_json("verify", "--settle", "0.4", *args, check=status)
    assert found["same"] == (status == 0)
    return {t["table"]: t for t in found["tables"]}


def differences(table: dict) -> set[tuple[str, tuple[str, ...]]]:
    return {(d["kind"], tuple(d["key"])) for d in table["differences"]}


def test_the_same_rows_in_another_order_are_the_same(pair):
    one, two = pair
    two.execute("update item set name = name where id % 3 = 0")
    two.execute(f"alter database {two.database.name} set datestyle = 'SQL, DMY'")
    two.execute(f"alter database {two.database.name} set timezone = 'Asia/Tokyo'")
    tables = verify(one, status=0)
    assert tables["public.item"]["rows_here"] == tables["public.item"]["rows_there"] == 3000
    assert tables["public.bare"]["skipped"] == "no primary key"
    done = one.cli("verify", "item")
    assert "public.item, sites 1 and 2: same (3000 rows here, 3000 there)" in done.stdout


def test_each_kind_of_difference_is_named(pair):
    one, two = pair
    two.execute("delete from item where id = 5; update item set name = null where id = 6")
    two.execute("update line set note = null where note = 'NULL' and item = 10")
    one.execute("delete from item where id in (7, 8)")
    for site, missing in ((one, ("here", "there")), (two, ("there", "here"))):
        tables = verify(site, status=1)
        assert differences(tables["public.item"]) == {
            (f"missing {missing[1]}", ("5",)),
            ("different", ("6",)),
            (f"missing {missing[0]}", ("7",)),
            (f"missing {missing[0]}", ("8",)),
        }
        kinds = differences(tables["public.line"])
        assert kinds
        assert all(kind == "different" and key[0] == "10" for kind, key in kinds)
    done = one.cli("verify", "--settle", "0.2", "--keys", "2", check=1)
    assert "public.item, sites 1 and 2: 4 keys DIFFER" in done.stdout
    assert "  key 5: missing at site 2" in done.stdout
    assert "  and 2 more keys" in done.stdout
    assert "NOT THE SAME" in done.stdout


def test_what_is_on_its_way_is_no_difference_and_not_the_same_either(pair):
    one, two = pair
    one.execute("update item set name = 'new' where id in (1, 2)")
    before = one.value("select pg_current_snapshot()::text")
    position = log_change(one, "item", ["1"])
    set_position(two, one, before)
    table = verify(one, status=1)["public.item"]
    assert differences(table) == {("different", ("2",))}
    assert table["in_flight"] == 1
    set_position(two, one, position)
    assert differences(verify(two, status=1)["public.item"]) == {
        ("different", ("1",)),
        ("different", ("2",)),
    }


def test_a_truncate_on_its_way_and_changes_of_a_third_site(pair):
    one, two = pair
    set_position(two, one, one.value("select pg_current_snapshot()::text"))
    one.execute("truncate line")
    log_change(one, "line", None)
    two.execute("delete from item where id = 9")
    log_change(one, "item", ["9"], origin=3)
    tables = verify(one, status=1)
    assert tables["public.line"]["in_flight"] == 900
    assert tables["public.item"]["in_flight"] == 1
    assert not tables["public.line"]["differences"] + tables["public.item"]["differences"]


def test_the_status_is_1_while_something_cannot_arrive_and_it_is_said_why(pair):
    one, two = pair
    for here, there in ((one, two), (two, one)):
        set_position(there, here, here.value("select pg_current_snapshot()::text"))
    one.execute("update item set name = 'new' where id = 1")
    log_change(one, "item", ["1"])
    for site in pair:
        done = site.cli("verify", "--settle", "0.2", "item", check=1)
        assert "1 key NOT APPLIED YET (3000 rows here, 3000 there)" in done.stdout
        why = "not applied at site 2 yet: bondreplicate does not run at site 1"
        assert why in done.stdout
        assert done.stdout.endswith("1 comparison of a table with a peer: NOT THE SAME YET\n")
    two.execute("update bondreplicate.replicate_state set went_down_at = now()")
    [why] = verify(one, "item", status=1)["public.item"]["in_flight_why"]
    assert (
        why == "not applied at site 2 yet: replication is down at site 2: run bondreplicate there"
    )
    two.execute("update item set name = 'new' where id = 1")
    verify(one, "item", status=0)


def test_parked_changes_are_differences_with_their_reason(pair):
    one, two = pair
    two.execute("delete from item where id = 9")
    park(two, one, ["9"], "no parent")
    [difference] = verify(one, status=1)["public.item"]["differences"]
    assert difference == {"key": ["9"], "kind": "missing there", "parked": "no parent"}


def test_tables_that_cannot_be_compared_and_tables_that_need_not(pair):
    one, two = pair
    two.execute(
        "drop table line; delete from bondreplicate.replicate_tables where table_name='line'"
    )
    two.execute("update bondreplicate.replicate_tables set enabled = false where table_name='item'")
    tables = verify(one, status=1)
    assert tables["public.item"]["skipped"] == "disabled at site 2"
    assert tables["public.line"]["problem"] == "does not exist at site 2"


def test_columns_of_one_side_only_are_named_and_not_compared(pair):
    one, two = pair
    two.execute("alter table item add column more int; alter table item drop column at")
    table = verify(one, status=1)["public.item"]  # not seen to be the same: nobody looked at them
    assert table["columns_here_only"] == ["at"]
    assert table["columns_there_only"] == ["more"]
    assert not table["differences"]
    said = one.cli("verify", "item", check=1).stdout.splitlines()
    assert said[0].startswith("public.item, sites 1 and 2: the same but for columns NOT COMPARED (")
    assert said[-1].endswith(": no difference, but NOT COMPLETE")


def test_what_is_parked_is_told_though_the_rows_are_the_same(pair):
    one, two = pair
    for key in ("1", "2"):
        park(two, one, [key], "public.item has no column c3 here")
    for site, where in ((one, "there"), (two, "here")):
        table = verify(site, status=1)["public.item"]
        assert table[f"parked_{where}"] == 2
        assert table["parked_why"] == "public.item has no column c3 here"
        assert not table["differences"]
    said = one.cli("verify", "--settle", "0.2", check=1).stdout
    assert "public.item, sites 1 and 2: 2 changes PARKED (" in said
    assert "\n  2 changes are parked at site 2: public.item has no column c3 here\n" in said
    assert said.endswith(": NOT THE SAME YET\n")
    two.execute("delete from bondreplicate.replicate_parked")
    verify(one, status=0)


def test_keys_are_looked_up_by_the_operator_of_their_type(new_mesh):
    one, two = make_pair(new_mesh)
    for site, value in ((one, "1.0"), (two, "1.00")):
        site.execute("drop table item; create table item (id numeric primary key, name text)")
        site.execute("insert into item values (%s, 'x'), (2, 'y')", [value])
    assert {kind for kind, _ in differences(verify(one, "item", status=1)["public.item"])} == {
        "different"
    }


def test_keys_with_a_collation_of_their_own(new_mesh):
    one, two = make_pair(new_mesh)
    for site in (one, two):
        site.execute('drop table item; create table item (id text collate "POSIX" primary key)')
        site.execute("insert into item values ('a'), ('B')")
    two.execute("insert into item values ('c')")
    assert differences(verify(one, "item", status=1)["public.item"]) == {("missing here", ("c",))}


def test_a_peer_that_does_not_answer_is_named_and_the_status_is_1(pair):
    one = pair[0]
    one.execute(
        "update bondreplicate.replicate_hosts set dsn = 'host=/nowhere dbname=x' where site=2"
    )
    found = one.cli_json("verify", check=1)
    assert "No such file" in found["peers_not_asked"]["2"]
    done = one.cli("verify", check=1)
    said = done.stdout.splitlines()
    assert said[0].startswith("site 2: not compared: ")
    assert said[1:] == ["NOTHING WAS COMPARED: no other site could be asked"]
    assert "hint: `bondreplicate doctor` says what to do" in done.stderr


def test_a_name_that_means_no_table(pair):
    done = pair[0].cli("verify", "itme", check=2)
    assert "error: itme is not in replicate_tables" in done.stderr
    assert "hint: did you mean item?" in done.stderr


def test_where_nothing_is_compared_nothing_is_the_same(pair):
    one, two = pair
    one.execute("update bondreplicate.replicate_hosts set enabled = false where site = 2")
    said = one.cli("verify", check=1).stdout
    assert said == "NOTHING WAS COMPARED: no other site is enabled\n"
    assert one.cli_json("verify", check=1)["nothing_compared"] == "no other site is enabled"
    one.execute("update bondreplicate.replicate_hosts set enabled = true where site = 2")
    [bare] = verify(one, "bare", status=1).values()
    assert bare["problem"] == "no primary key"
    assert one.cli("verify", "bare", check=1).stdout.splitlines() == [
        "public.bare, sites 1 and 2: NOT COMPARED: no primary key",
        "NOTHING WAS COMPARED: no table could be compared",
    ]
    one.execute("update bondreplicate.replicate_tables set enabled = false")
    said = one.cli("verify", check=1).stdout
    assert said.endswith("\nNOTHING WAS COMPARED: no table is replicated\n")
    one.execute("update bondreplicate.replicate_tables set enabled = true")
    for site in pair:
        site.cli("down")
    assert verify(two, status=1)["public.item"]["problem"] == "replication is down at sites 2 and 1"
