"""Scenario 88: trouble with `replicate_error` itself. Nothing is applied that it cannot tell of."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import assert_whole, conflicts, parted, rows_of, up

pytestmark = pytest.mark.timeout(120)

REFUSE = """
create function no_record() returns trigger language plpgsql as
$$ begin raise 'no record' using errcode = '{code}'; end $$;
create trigger no_record before insert on bondreplicate.replicate_error
for each row execute function no_record();
alter table bondreplicate.replicate_error enable always trigger no_record;
"""
ALLOW = "drop trigger no_record on bondreplicate.replicate_error; drop function no_record"
CODES = {"full disk": "53100", "no right to insert": "42501"}


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def clash(mesh: Mesh, n: int) -> None:
    """Site 2 writes row 1 last."""
    with parted(mesh):
        mesh[1].execute(f"update r set n = {n} where id = 1")
        mesh[2].execute(f"update r set n = {n + 1} where id = 1")


def lost(mesh: Mesh, site: int) -> list[list[str]]:
    return [c["loser_row"] for c in conflicts(mesh[site], "r")]


def set_up(mesh: Mesh) -> None:
    up(mesh, "create table r (id int primary key, n int); insert into r values (1, 0), (2, 0)", "r")


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_s88_no_conflict_is_decided_that_cannot_be_told(mesh: Mesh, code: str) -> None:
    set_up(mesh)
    mesh[1].execute(REFUSE.format(code=code))
    clash(mesh, 1)
    told_of = (
        "select count(*) from bondreplicate.replicate_parked where reason like '%%no record%%'"
    )
    eventually(
        lambda: "no record" in mesh[2].story() or mesh[1].value(told_of) > 0,
        "somebody is told why",
    )
    assert mesh[1].query("select * from r where id = 1") == [(1, 1)]
    mesh[1].execute(ALLOW)
    assert_whole(mesh)
    assert rows_of(mesh, "r") == [(1, 2), (2, 0)]
    assert lost(mesh, 1) == lost(mesh, 2) == [["1", "1"]]


def test_s88_an_operator_empties_it(mesh: Mesh) -> None:
    """What was told is gone at that site; what comes later is told at both."""
    set_up(mesh)
    clash(mesh, 1)
    assert_whole(mesh)
    mesh[1].execute("truncate bondreplicate.replicate_error")
    clash(mesh, 11)
    assert_whole(mesh)
    assert rows_of(mesh, "r") == [(1, 12), (2, 0)]
    assert lost(mesh, 1) == [["1", "11"]]
    assert sorted(lost(mesh, 2)) == [["1", "1"], ["1", "11"]]


def test_s88_it_is_not_replicated_as_a_table(mesh: Mesh) -> None:
    listed = (
        "select count(*) from bondreplicate.replicate_tables where schema_name = 'bondreplicate'"
    )
    triggers = (
        "select count(*) from pg_trigger"
        " where tgrelid = 'bondreplicate.replicate_error'::regclass and not tgisinternal"
    )
    refused = mesh[1].cli("tables", "enable", "bondreplicate.replicate_error", check=None)
    assert refused.returncode != 0
    assert "replicate_error" in refused.stderr
    for site in mesh:
        assert site.value(listed) == 0
        assert site.value(triggers) == 0
