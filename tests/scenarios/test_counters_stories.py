"""Counters in longer stories: three sites, in every order of arrival."""

import itertools
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.counters import count
from tests.scenarios.steps import assert_whole, parted

pytestmark = [pytest.mark.timeout(600), pytest.mark.soak]

STOCK = (
    "create table {t} (id int primary key, what text not null, n int not null);"
    "insert into {t} select i, 'a', 100 from generate_series(1, 8) i;"
)
TABLES = ("anew", "cut", "uniq", "kid")
LINKS = list(itertools.permutations((1, 2, 3), 2))
ALL = list(itertools.permutations(LINKS))
ORDERS = ALL[:: len(ALL) // 12]


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    setup = "".join(STOCK.format(t=table) for table in TABLES)
    setup += (
        "create table mum (id int primary key);insert into mum select generate_series(1, 9);"
        "alter table kid add mum int references mum;"
        "alter table kid add dad int default 9 references mum on delete set default;"
        "alter table kid add aunt int references mum on delete cascade;"
        "update kid set mum = id, dad = id, aunt = id;"
        "alter table uniq add code int unique; update uniq set code = id;"
        "create table pair (a int references mum on update cascade, b int, n int not null,"
        " primary key (a, b));"
    )
    mesh = make_mesh(["18", "16", "15"], setup, proxies=True)
    count(mesh, ["n"], *TABLES, "pair")
    yield mesh
    mesh.end()


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_a_key_is_inserted_anew_at_two_sites_while_a_third_adds(
    mesh: Mesh, order: list[tuple[int, int]]
) -> None:
    a, b, c = mesh
    a.execute("delete from anew; insert into anew select i, 'a', 100 from generate_series(1, 8) i")
    assert_whole(mesh)
    with parted(mesh, order):
        c.execute("update anew set n = n + 1 where id <= 4")
        a.execute(
            "delete from anew where id <= 2; insert into anew values (1, 'x', 10), (2, 'x', 20)"
        )
        a.execute("update anew set n = n + 2 where id <= 2")
        b.execute("delete from anew where id in (1, 3)")
        b.execute("insert into anew values (1, 'y', 30); update anew set n = n + 3 where id <= 4")
        b.execute("delete from anew where id = 1; insert into anew values (1, 'z', 40)")
        c.execute("update anew set n = n + 5 where id <= 4")
        a.execute("delete from anew where id = 4")
        c.execute("delete from anew where id = 2; insert into anew values (2, 'w', 7)")
        a.execute("update anew set n = n + 100 where id = 2")
        b.execute("update anew set n = n + 9 where id = 2")
    assert_whole(mesh)


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_truncate(mesh: Mesh, order: list[tuple[int, int]]) -> None:
    a, b, c = mesh
    a.execute("delete from cut; insert into cut select i, 'a', 100 from generate_series(1, 8) i")
    assert_whole(mesh)
    with parted(mesh, order):
        c.execute("update cut set n = n + 1 where id <= 4")
        a.execute("update cut set n = n + 1 where id <= 5")
        b.execute("truncate cut; insert into cut values (1, 'y', 30), (9, 'y', 5)")
        c.execute("update cut set n = n + 5 where id in (1, 2, 6)")
        a.execute("insert into cut values (9, 'x', 6); update cut set n = n + 7 where id = 9")
        b.execute("update cut set n = n + 100 where id in (1, 9)")
    assert_whole(mesh)


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_repairs_of_counted_rows(mesh: Mesh, order: list[tuple[int, int]]) -> None:
    a, b, c = mesh
    a.execute(
        "truncate kid, uniq; insert into mum select generate_series(1, 9) on conflict do nothing"
    )
    a.execute("insert into kid select i, 'a', 100, i, i, i from generate_series(1, 8) i")
    a.execute("insert into uniq select i, 'a', 100, i from generate_series(1, 8) i")
    assert_whole(mesh)
    with parted(mesh, order):
        c.execute("update kid set n = n + 1; update uniq set n = n + 1")
        a.execute(
            "update kid set mum = null where id in (2, 3); update uniq set code = 50 where id = 1"
        )
        b.execute("update uniq set code = 50, n = n + 10 where id = 2")
        c.execute(
            "insert into uniq values (9, 'c', 5, 50); update uniq set n = n + 20 where id = 9"
        )
        a.execute("insert into uniq values (10, 'c', 5, 51)")
        b.execute(
            "insert into uniq values (10, 'b', 6, 52); update uniq set n = n + 3 where id = 10"
        )
        a.execute("delete from kid where id = 4; delete from mum where id = 4")
        b.execute("update kid set mum = 4, n = n + 10 where id = 5")
        a.execute("update kid set mum = null where id = 6; delete from mum where id = 6")
        c.execute("insert into kid values (20, 'c', 7, 6, 6, 6)")
        c.execute("update kid set n = n + 5, dad = 7 where id = 3")
        b.execute("update kid set mum = null where id = 7; delete from mum where id = 7")
        a.execute("update kid set n = n + 100 where id = 7")
    assert_whole(mesh)


@pytest.mark.parametrize("order", ORDERS, ids=range(len(ORDERS)))
def test_children_whose_key_holds_the_reference(mesh: Mesh, order: list[tuple[int, int]]) -> None:
    a, b, c = mesh
    turn = mesh[1].value("select max(id) from mum") + 1
    a.execute(f"insert into mum values ({turn}); insert into pair values ({turn}, 1, 100)")
    assert_whole(mesh)
    with parted(mesh, order):
        b.execute(f"update pair set n = n + 10 where a = {turn}")
        b.execute(f"insert into pair values ({turn}, 2, 50); update pair set n = n + 1 where b = 2")
        a.execute(f"update mum set id = id + 100 where id = {turn}")
        a.execute(f"update pair set n = n + 1000 where a = {turn} + 100")
        c.execute(f"update pair set n = n + 100 where a = {turn}")
    assert_whole(mesh)
