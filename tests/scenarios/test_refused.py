"""Rows that a server refuses in unusual ways, and chains of them: they wait, the rest goes on."""

import os
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, SOAK, assert_whole, one_a_day, parted, rows_of, settle, up

pytestmark = pytest.mark.timeout(180)
CHAIN = 1000 if SOAK else 230
"""More levels than tries that repair nothing new are let pass."""


@pytest.fixture
def two() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"), "create table canary (id serial primary key, n int)")
    yield mesh
    mesh.end()


def flows(mesh: Mesh, origin: int, timeout_s: float = 20) -> None:
    """Changes of another table still get through."""
    made = mesh[origin].value("insert into canary (n) values (1) returning id")
    eventually(
        lambda: mesh[3 - origin].query("select from canary where id = %s", [made]),
        f"the link from {origin} goes on",
        timeout_s,
    )


REFUSALS = {
    "own errcode": "raise 'no' using errcode = 'UE001'",
    "assert": "assert b <> 'bad', 'no'",
    "feature": "raise 'no' using errcode = '0A000'",
    "state": "raise 'no' using errcode = '55000'",
}


@pytest.mark.parametrize("how", one_a_day(*REFUSALS))
def test_any_error_of_a_check_parks_the_row(two: Mesh, how: str) -> None:
    up(two, "create table note (id int primary key, body text)", "note")
    two[2].execute(
        "create function fine(b text) returns boolean language plpgsql as $$ begin"
        f" if b = 'bad' then {REFUSALS[how]}; end if; return true; end $$;"
        "alter table note add check (fine(body))"
    )
    two[1].execute("insert into note values (1, 'bad'), (2, 'good')")
    flows(two, 1)
    assert two[2].query("select id from note") == [(2,)]
    assert two[2].query("select key, reason from bondreplicate.replicate_parked") == [(["1"], "no")]
    two[1].execute("update note set body = 'better' where id = 1")
    assert_whole(two)


def test_many_refused_rows_take_turns(two: Mesh) -> None:
    """Each is tried by itself: all of them with every batch held up everything else."""
    up(two, "create table note (id int primary key, body text)", "note")
    two[2].execute("alter table note add constraint fine check (body <> 'bad')")
    batches = "select batches from bondreplicate.replicate_position where site = 1"
    before = two[2].value(batches)
    two[1].execute("insert into note select i, 'bad' from generate_series(1, 1000) as i")
    for _ in range(4):
        flows(two, 1)
    number, tries = two[2].query("select count(*), sum(tries) from bondreplicate.replicate_parked")[
        0
    ]
    since = two[2].value(batches) - before
    assert number == 1000
    assert since >= 4
    assert 1000 < tries <= 1000 + 100 * since
    two[2].execute("alter table note drop constraint fine")
    assert_whole(two)
    assert two[2].value("select count(*) from note") == 1000


def test_a_row_too_long_for_an_index_of_one_site_waits(two: Mesh) -> None:
    up(two, "create table note (id int primary key, body text)", "note")
    two[2].execute("create index note_body on note (body)")
    two[1].execute("insert into note values (1, %s), (2, 'short')", [os.urandom(9000).hex()])
    flows(two, 1)
    assert two[2].query("select id from note") == [(2,)]
    two[2].execute("drop index note_body")
    two[1].execute("update note set body = 'long' where id = 1")
    assert_whole(two)


def test_trouble_that_goes_away_is_not_parked(two: Mesh) -> None:
    up(two, "create table note (id int primary key, body text)", "note")
    two[2].execute(
        "create table full_now (); create function fine(b text) returns boolean language plpgsql"
        " as $$ begin if to_regclass('public.full_now') is not null then"
        " raise 'no space' using errcode = '53100'; end if; return true; end $$;"
        "alter table note add check (fine(body))"
    )
    two[1].execute("insert into note values (1, 'one')")
    eventually(lambda: "no space" in two[1].story(), "the link is told")
    assert two[2].value(PARKED) == 0
    two[2].execute("drop table full_now")
    assert_whole(two)


def test_a_clash_beside_a_value_that_cannot_be_read(two: Mesh) -> None:
    """It was raised from where the clash was mended, and held both links."""
    up(
        two,
        "create type mood as enum ('s', 'h');"
        "create table a (id int primary key, code text unique, m mood unique)",
        "a",
    )
    two[1].execute("insert into a values (1, 'one', 's'), (2, 'zwei', 'h')")
    settle(two)
    with parted(two):
        two[1].execute("alter type mood add value 'x'")
        two[2].execute("alter type mood add value 'y'")
        two[1].execute("update a set code = 'two' where id = 1")
        two[2].execute("update a set code = 'two' where id = 2")
        two[1].execute("insert into a values (9, 'nine', 'x')")
        two[2].execute("insert into a values (8, 'eight', 'y')")
    flows(two, 1)
    flows(two, 2)
    assert [site.value(PARKED) for site in two] == [1, 1]
    two[1].execute("alter type mood add value 'y'")
    two[2].execute("alter type mood add value 'x'")
    assert_whole(two)
    assert [row[0] for row in rows_of(two, "a")] == [2, 8, 9]


def test_a_clash_beside_a_row_that_an_index_expression_refuses(two: Mesh) -> None:
    up(two, "create table a (id int primary key, code text unique, d int)", "a")
    two[1].execute("insert into a values (1, 'one', 1)")
    settle(two)
    with parted(two):
        two[2].execute("create unique index a_by on a ((id / d))")
        two[2].execute("insert into a values (2, 'two', 1)")
        two[1].execute("update a set code = 'two' where id = 1")
        two[1].execute("insert into a values (9, 'two', 0) on conflict do nothing")
        two[1].execute("insert into a values (10, 'ten', 0)")
    flows(two, 1)
    flows(two, 2)
    two[2].execute("drop index a_by")
    assert_whole(two)


def test_a_long_chain_comes_back(two: Mesh) -> None:
    up(two, "create table n (id int primary key, up int references n)", "n")
    two[1].execute(f"insert into n select i, nullif(i - 1, 0) from generate_series(1, {CHAIN}) i")
    settle(two)
    with parted(two):
        two[1].execute("delete from n")
        two[2].execute(f"insert into n values (0, {CHAIN})")
    flows(two, 1, 120)
    flows(two, 2, 120)
    assert_whole(two)
    assert len(rows_of(two, "n")) == CHAIN + 1


def test_a_long_chain_waits(two: Mesh) -> None:
    up(two, "create table n (id int primary key, up int references n)", "n")
    two[2].execute("alter table n add constraint no check (id <> 1)")
    two[1].execute(f"insert into n select i, nullif(i - 1, 0) from generate_series(1, {CHAIN}) i")
    flows(two, 1, 120)
    assert two[2].value(PARKED) == CHAIN
    two[2].execute("alter table n drop constraint no")
    assert_whole(two)
