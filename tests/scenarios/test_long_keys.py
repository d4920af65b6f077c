"""Keys as long as PostgreSQL's own index takes them: nothing of ours is shorter."""

import secrets
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole, conflicts, parted, rows_of, up

pytestmark = pytest.mark.timeout(180)

LONG, HALF = 1995, 990
"""Random bytes: 2,660 characters, which nothing compresses; and two that are as long together."""
ONE = "create table u (url text primary key, hits int unique, up text references u)"
TWO = "create table c (a text, b text, hits int, primary key (a, b))"


@pytest.fixture(
    params=[
        pytest.param(("18", "15"), id="18-15"),
        pytest.param(("15", "18"), id="15-18", marks=pytest.mark.soak),
    ]
)
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param)
    yield mesh
    mesh.end()


def key_of(length: int) -> str:
    return secrets.token_urlsafe(length)


def test_long_keys_wait_and_are_named(mesh: Mesh) -> None:
    """Parked, tried again, named by `retry` and `verify`, changed meanwhile, and applied."""
    up(mesh, f"{ONE}; {TWO}", "u", "c")
    for table in ("u", "c"):
        mesh[2].execute(f"alter table {table} add constraint no check (hits <> 1)")
    key, pair = key_of(LONG), (key_of(HALF), key_of(HALF))
    mesh[1].execute("insert into u values (%s, 1)", [key])
    mesh[1].execute("insert into c values (%s, %s, 1)", pair)
    eventually(lambda: mesh[2].value(PARKED) == 2, "both wait at site 2", 20)
    mesh[1].execute("insert into u values ('other', 2)")
    eventually(lambda: mesh[2].query("select from u where url = 'other'"), "others go on", 20)
    left = mesh[1].cli_json("retry", check=1)["left"]
    assert sorted(tuple(row["key"]) for row in left) == sorted([(key,), pair])
    assert key in mesh[1].cli("verify", "--json", check=None).stdout
    mesh[1].execute("update c set hits = 2")
    eventually(lambda: mesh[2].value(PARKED) == 1, "a later state is applied", 20)
    mesh[2].execute("alter table u drop constraint no")
    assert_whole(mesh)
    assert rows_of(mesh, "c") == [(*pair, 2)]


def test_long_keys_in_conflict(mesh: Mesh) -> None:
    """Conflicts are logged once at every site, and taken back."""
    up(mesh, f"{ONE}; {TWO}", "u", "c")
    key, pair = key_of(LONG), (key_of(HALF), key_of(HALF))
    with parted(mesh):
        for site in mesh:
            site.execute("insert into u values (%s, %s)", [key, site.number])
            site.execute("insert into c values (%s, %s, %s)", [*pair, site.number])
    assert_whole(mesh)
    for table, wanted in (("u", [key]), ("c", list(pair))):
        told = eventually(lambda table=table: conflicts(mesh[1], table), "it is told", 20)
        assert [row["key"] for row in told] == [wanted]
    number = mesh[1].value("select id from bondreplicate.replicate_error where table_name = 'u'")
    before = mesh[1].value("select hits from u")
    mesh[1].cli("conflicts", "undo", str(number))
    assert_whole(mesh)
    assert rows_of(mesh, "u") == [(key, 3 - before, None)]


def test_long_keys_are_mended(mesh: Mesh) -> None:
    """Two rows with one unique value, and a parent that is deleted while a child comes."""
    up(mesh, ONE, "u")
    parent, child, first, second = (key_of(LONG) for _ in range(4))
    mesh[1].execute("insert into u values (%s, 10)", [parent])
    assert_whole(mesh)
    with parted(mesh):
        mesh[1].execute("delete from u where url = %s", [parent])
        mesh[2].execute("insert into u values (%s, 11, %s)", [child, parent])
        mesh[1].execute("insert into u values (%s, 12)", [first])
        mesh[2].execute("insert into u values (%s, 12)", [second])
    assert_whole(mesh)
    assert {row[0] for row in rows_of(mesh, "u")} == {parent, child, second}
    for site in mesh:
        told = eventually(lambda site=site: conflicts(site, "u")[1:], "both are told", 20)
        assert len(told) == 1
    assert sorted(row["key"] for row in conflicts(mesh[1], "u")) == sorted([[first], [parent]])
