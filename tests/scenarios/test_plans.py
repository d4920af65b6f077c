"""Plans that a session keeps, made while a table was empty, do not read all of it later."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, Site, eventually, make_mesh
from tests.scenarios.steps import assert_whole, up

pytestmark = pytest.mark.timeout(120)

MANY = 5000
READ = (
    "select coalesce(idx_tup_read, 0) + coalesce(seq_tup_read, 0) from pg_stat_user_tables"
    " join (select relid as id, sum(idx_tup_read) as idx_tup_read from pg_stat_user_indexes"
    " group by relid) as i on i.id = relid where relname = 'grown'"
)


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def rows_read(site: Site) -> int:
    """Rows of the table, or entries of its indexes, that were read so far; it takes a moment."""
    return int(site.value(READ))


def test_a_table_that_was_empty_and_has_grown(mesh: Mesh) -> None:
    up(mesh, "create table grown (id int primary key, n int)", "grown")
    for site in mesh:
        site.execute("vacuum analyze grown")
    mesh[1].execute("insert into grown values (0, 0)")
    mesh[1].execute("update grown set n = 1; delete from grown")
    mesh.settle()
    mesh[1].execute(f"insert into grown select i, 0 from generate_series(1, {MANY}) i")
    assert_whole(mesh, rounds=1)
    before = [rows_read(site) for site in mesh]
    for key in range(1, 4):
        mesh[1].execute(f"update grown set n = 1 where id = {key}")
        mesh.settle()
    eventually(lambda: rows_read(mesh[1]) > before[0], "the server has counted", 20)
    read = [rows_read(site) - count for site, count in zip(mesh, before, strict=True)]
    assert max(read) < MANY, f"rows read to send and apply three, by site: {read}"
