"""Repairs that the server refuses where one rests on another, or where nothing else is left."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.steps import assert_whole, conflicts, one_a_day, parted, rows_of, up

pytestmark = pytest.mark.timeout(120)

ORDERS = one_a_day([(1, 2), (2, 1)], [(2, 1), (1, 2)])
MERGED = "create table p (id int primary key, mail text unique);"
MOVES = "int default {0} references p on delete set default"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"), proxies=True)
    yield mesh
    mesh.end()


def play(mesh: Mesh, order: list[tuple[int, int]], writes: dict[int, str], first: int) -> None:
    """Write at two sites that know nothing of each other; `first` has the earlier stamp."""
    with parted(mesh, order):
        for number in (first, 3 - first):
            mesh[number].execute(writes[number])
    assert_whole(mesh)


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_a_child_that_moved_twice_is_taken_back_to_where_it_was(
    mesh: Mesh, order: list[tuple[int, int]], first: int
) -> None:
    """Both references are in its key; the second move is refused."""
    up(
        mesh,
        "create table p (id int primary key);"
        f"create table c (a {MOVES.format(7)}, b {MOVES.format(8)}, n int,"
        " primary key (a, b, n), check (not (a = 7 and b = 8)))",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1), (2), (7), (8)")
    assert_whole(mesh)
    writes = {1: "delete from p where id in (1, 2)", 2: "insert into c values (1, 2, 1)"}
    play(mesh, order, writes, first)
    # The parent of the second move stays; the other goes.
    assert rows_of(mesh, "c") == [(7, 2, 1)]
    assert rows_of(mesh, "p") == [(2,), (7,), (8,)]
    for site in mesh:
        [told] = conflicts(site, "c")
        assert told["loser_row"] == ["1", "2", "1"]


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_what_gave_way_to_a_child_that_is_taken_back_comes_back_too(
    mesh: Mesh, order: list[tuple[int, int]], first: int
) -> None:
    """Two children move to the same key; the first of them may not."""
    up(
        mesh,
        "create table p (id int primary key);"
        f"create table c (a {MOVES.format(7)}, n int, note text, primary key (a, n),"
        " check (not (a = 7 and note = 'stays')))",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1), (2), (7)")
    assert_whole(mesh)
    children = "insert into c values (1, 1, 'stays'), (2, 1, 'moves')"
    play(mesh, order, {1: "delete from p where id in (1, 2)", 2: children}, first)
    assert rows_of(mesh, "c") == [(1, 1, "stays"), (7, 1, "moves")]
    assert rows_of(mesh, "p") == [(1,), (7,)]
    for site in mesh:
        [told] = conflicts(site, "c")
        assert (told["key"], told["kind"]) == (["2", "1"], "foreign key")


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    "action", one_a_day("references c", "references c on delete set null check (cid is not null)")
)
def test_a_child_that_has_to_go_takes_its_own_children_along(
    mesh: Mesh, action: str, order: list[tuple[int, int]], first: int
) -> None:
    """Whatever their foreign key says: the row cannot stay."""
    up(
        mesh,
        f"{MERGED} create table c (id int primary key, pid int references p check (pid < 5));"
        f"create table g (id int primary key, cid int {action});"
        "create table h (id int primary key, gid int references g)",
        "p",
        "c",
        "g",
        "h",
    )
    family = (
        "insert into p values (1, 'a'); insert into c values (1, 1);"
        " insert into g values (1, 1); insert into h values (1, 1)"
    )
    play(mesh, order, {1: "insert into p values (9, 'a')", 2: family}, first)
    if first == 1:
        assert rows_of(mesh, "p") == [(1, "a")]
        assert rows_of(mesh, "h") == [(1, 1)]
        return
    assert rows_of(mesh, "p") == [(9, "a")]
    for table in ("c", "g", "h"):
        assert rows_of(mesh, table) == []
        for site in mesh:
            assert [told["loser_row"] for told in conflicts(site, table)] == [["1", "1"]]


@pytest.mark.parametrize("order", ORDERS)
def test_only_the_child_that_cannot_follow_has_to_go(
    mesh: Mesh, order: list[tuple[int, int]]
) -> None:
    """Others of that parent, and of the other parent that it had, follow."""
    up(
        mesh,
        f"{MERGED} create table c (id int primary key, pid int references p,"
        " q int references p, check (pid < 5 or id > 1))",
        "p",
        "c",
    )
    family = (
        "insert into p values (1, 'a'), (2, 'b');"
        " insert into c values (1, 1, 2), (2, 1, 2), (3, null, 2), (4, 1, null)"
    )
    play(mesh, order, {1: "insert into p values (8, 'b'), (9, 'a')", 2: family}, 2)
    assert rows_of(mesh, "p") == [(8, "b"), (9, "a")]
    assert rows_of(mesh, "c") == [(2, 9, 8), (3, None, 8), (4, 9, None)]
    for site in mesh:
        cannot = "a child that cannot follow a row that gave way"
        assert [t["key"] for t in conflicts(site, "c") if t["rule"] == cannot] == [["1"]]


@pytest.mark.xfail(strict=True, reason="both references are taken for refused, and the row goes")
def test_one_reference_of_two_is_refused(mesh: Mesh) -> None:
    """Both parents gave way: one reference is set to null, the other one may follow."""
    up(
        mesh,
        f"{MERGED} create table c (id int primary key,"
        " pid int references p on delete set null check (pid < 5), q int references p)",
        "p",
        "c",
    )
    family = "insert into p values (1, 'a'), (8, 'b'); insert into c values (1, 1, 8)"
    play(mesh, ORDERS[0], {1: "insert into p values (9, 'a'), (2, 'b')", 2: family}, 2)
    assert rows_of(mesh, "c") == [(1, None, 2)]


@pytest.mark.xfail(strict=True, reason="the child's old key comes back, gives way, and both go")
def test_a_grandchild_that_cannot_follow_a_new_key(mesh: Mesh) -> None:
    """ON UPDATE CASCADE over two tables; of two rows one may not have the new key."""
    up(
        mesh,
        "create table p (id int primary key);"
        "create table c (pid int references p on update cascade, n int, primary key (pid, n));"
        "create table g (pid int, n int, k int, primary key (pid, n, k), check (pid < 9 or k > 1),"
        " foreign key (pid, n) references c on update cascade)",
        "p",
        "c",
        "g",
    )
    mesh[1].execute("insert into p values (1); insert into c values (1, 1)")
    assert_whole(mesh)
    writes = {1: "update p set id = 9", 2: "insert into g values (1, 1, 1), (1, 1, 2)"}
    play(mesh, ORDERS[0], writes, 1)
    assert len(rows_of(mesh, "g")) == 2
