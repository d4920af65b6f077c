"""A change waits for a transaction that is open where it arrives, and its origin forgets it."""

from collections.abc import Callable, Sequence

import pytest

from tests.kit import Mesh, Site, available_versions, eventually, mixed_versions
from tests.scenarios.steps import PARKED, assert_whole, rows_of

NEWEST = available_versions()[-1]
TABLE = "create table held (id int primary key, t text)"
ROWS = "insert into held select i, 'base' from generate_series(1, 9) as i"
LOG = "select count(*) from bondreplicate.replicate_log"
CASES = {
    "update, update": ("update held set t = 'one' where id = 1", "update held set t = 'two'"),
    "delete, update": ("delete from held where id = 2", "update held set t = 'two'"),
    "update, delete": ("update held set t = 'one' where id = 3", "delete from held where id = 3"),
    "insert, insert": (
        "insert into held values (10, 'one')",
        "insert into held values (10, 'two')",
    ),
    "other key": ("update held set id = 11 where id = 4", "update held set t = 'two' where id = 4"),
    "truncate": (
        "insert into held values (10, 'one'); update held set t = 'one' where id < 3",
        "truncate held",
    ),
}

EVERYDAY = ("update, delete", "truncate")


def forgotten(site: Site, others: Sequence[Site]) -> None:
    for other in others:
        eventually(lambda other=other: other.value(PARKED) > 0, f"it waits at {other}")
    eventually(lambda: site.value(LOG) == 0, f"{site} has forgotten it")


@pytest.mark.parametrize(
    "case", [pytest.param(c, marks=() if c in EVERYDAY else pytest.mark.soak) for c in CASES]
)
@pytest.mark.parametrize(
    "versions",
    [
        pytest.param([NEWEST] * 2, id="two", marks=pytest.mark.soak),
        pytest.param(mixed_versions(3), id="three"),
    ],
)
def test_what_waited_stays_where_it_is_later(
    new_mesh: Callable[..., Mesh], versions: list[str], case: str
) -> None:
    """Each site is a server of its own: in one, what is open here holds the other's log too."""
    mesh = new_mesh(versions, TABLE, own_clusters=True)
    one, two = mesh[1], mesh[2]
    one.execute(ROWS)
    mesh.settle()
    here, there = CASES[case]
    with one.database.connect() as user:
        user.autocommit = False
        user.execute(here)
        two.execute(there)
        forgotten(two, [one])
        user.commit()
    assert_whole(mesh)
    expected = rows_of(mesh, "held")
    assert not any(t == "one" for key, t in expected if key != 11), expected
    assert (10, "two") in expected or case != "insert, insert"
    assert expected == [] or case != "truncate"
