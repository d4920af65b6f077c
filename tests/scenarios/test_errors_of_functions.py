"""Functions of the application that raise errors which a server raises when it is in trouble."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import assert_whole, one_a_day, rows_of, up

pytestmark = pytest.mark.timeout(120)

FUNCTION = """
create or replace function public.fits(v text) returns boolean immutable language plpgsql as $$
begin
    {raises}
    return true;
end $$
"""
STATES = ("40001", "57014", "XX000", "40P01", "53200", "57P01", "08006", "25006", "P0004")
WAITS = "select key, reason from bondreplicate.replicate_parked"


@pytest.fixture(params=one_a_day("15", "18"))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(("18", request.param))
    yield mesh
    mesh.end()


@pytest.mark.parametrize(
    "state", [*STATES[:3], *(pytest.param(s, marks=pytest.mark.soak) for s in STATES[3:])]
)
def test_one_row_does_not_hold_the_others(mesh: Mesh, state: str) -> None:
    """The row waits alone, within seconds, and goes on when the function is mended."""
    up(
        mesh,
        f"{FUNCTION.format(raises='')};"
        "create table t (id int primary key, v text check (public.fits(v)));"
        "create table u (id int primary key)",
        "t",
        "u",
    )
    mesh[2].execute(
        FUNCTION.format(
            raises=f"if v = 'bad' then raise exception 'no' using errcode = '{state}'; end if;"
        )
    )
    mesh[1].execute("insert into t values (1, 'good'), (2, 'bad'), (3, 'good')")
    mesh[1].execute("insert into u values (1)")
    eventually(lambda: mesh[2].query("select id from t order by 1") == [(1,), (3,)], "t", 40)
    eventually(lambda: mesh[2].value("select count(*) from u") == 1, "u", 40)
    assert mesh[2].query(WAITS) == [(["2"], "no")]
    for number in range(2, 12):
        mesh[1].execute("insert into u values (%s)", [number])
        arrived = f"select count(*) from u where id = {number}"
        eventually(lambda sql=arrived: mesh[2].value(sql) == 1, "the link goes on", 2)
    mesh[2].execute(FUNCTION.format(raises=""))
    assert_whole(mesh)
    assert len(rows_of(mesh, "t")) == 3
