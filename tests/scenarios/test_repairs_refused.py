"""Repairs of a child that the server refuses: what became of its parent gives way instead."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.steps import assert_whole, conflicts, one_a_day, parted, rows_of, up

pytestmark = pytest.mark.timeout(120)

ORDERS = one_a_day([(1, 2), (2, 1), (1, 3), (2, 3), (3, 1), (3, 2)],
    [(2, 1), (2, 3), (1, 3), (3, 2), (1, 2), (3, 1)],
    [(1, 3), (1, 2), (2, 3), (2, 1), (3, 2), (3, 1)],
    [(2, 3), (1, 3), (1, 2), (2, 1), (3, 1), (3, 2)])  # fmt: skip
"""In which links deliver: the site with the child first, the site without it, the third between."""


@pytest.fixture(params=one_a_day(3, 2))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15", "16")[: request.param], proxies=True)
    yield mesh
    mesh.end()


def play(mesh: Mesh, order: list[tuple[int, int]], writes: dict[int, str], first: int) -> None:
    """Write at two sites that know nothing of each other; `first` has the earlier stamp."""
    with parted(mesh, [link for link in order if max(link) <= len(list(mesh))]):
        for number in (first, 3 - first):
            mesh[number].execute(writes[number])
    assert_whole(mesh)


NEVER_NULL = "check (pid is not null and pid <> 7)"
ONE_OF_TWO = "check (num_nonnulls(pid, other) = 1)"
DOMAIN = "create domain given as int not null;"


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("action", "check"),
    [
        ("set null", NEVER_NULL),
        ("set default", NEVER_NULL),
        pytest.param("set null", ONE_OF_TWO, marks=pytest.mark.soak),
        pytest.param("set default", ONE_OF_TWO, marks=pytest.mark.soak),
    ],
)
def test_a_check_that_refuses_what_on_delete_says_keeps_the_parent(
    mesh: Mesh, action: str, check: str, order: list[tuple[int, int]], first: int
) -> None:
    """The server would not have let the parent go."""
    default = "7" if check == NEVER_NULL else "null"
    up(
        mesh,
        "create table p (id int primary key);"
        f"create table c (id int primary key, other int,"
        f" pid int default {default} references p on delete {action}, {check})",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1), (2), (7); insert into c values (2, null, 2)")
    assert_whole(mesh)
    writes = {1: "delete from p where id = 1", 2: "insert into c values (1, null, 1)"}
    play(mesh, order, writes, first)
    assert rows_of(mesh, "p") == [(1,), (2,), (7,)]
    assert rows_of(mesh, "c") == [(1, None, 1), (2, None, 2)]
    for site in mesh:
        [told] = conflicts(site, "p")
        assert (told["key"], told["rule"]) == (["1"], "a delete loses against a child")
        assert not conflicts(site, "c")


@pytest.mark.parametrize("order", ORDERS)
def test_all_children_of_the_parent_keep_it(mesh: Mesh, order: list[tuple[int, int]]) -> None:
    """Also those that would be allowed to do without; those of other parents do not."""
    up(
        mesh,
        "create table p (id int primary key);"
        "create table c (id int primary key, n int, p int references p on delete set null,"
        " q int references p on delete set null, check (p is not null or n > 0))",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1), (2), (3)")
    assert_whole(mesh)
    children = "insert into c values (1, 1, 1, 2), (2, 0, 1, 2), (3, 1, 3, 3), (4, 1, 1, null)"
    play(mesh, order, {1: "delete from p", 2: children}, 1)
    assert rows_of(mesh, "p") == [(1,), (2,)]
    assert rows_of(mesh, "c") == [(1, 1, 1, 2), (2, 0, 1, 2), (3, 1, None, None), (4, 1, 1, None)]


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_a_domain_that_is_never_null_keeps_the_parent(
    mesh: Mesh, order: list[tuple[int, int]], first: int
) -> None:
    up(
        mesh,
        f"{DOMAIN} create table p (id int primary key);"
        "create table c (id int primary key, pid given references p on delete set null)",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1)")
    assert_whole(mesh)
    play(mesh, order, {1: "delete from p", 2: "insert into c values (1, 1)"}, first)
    assert rows_of(mesh, "c") == [(1, 1)]


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("action", one_a_day("no action", "cascade", "set null", "set default"))
def test_a_child_that_cannot_follow_a_row_that_gave_way(
    mesh: Mesh, action: str, order: list[tuple[int, int]], first: int
) -> None:
    """The other row has the unique value, so the parent cannot come back."""
    up(
        mesh,
        "create table p (id int primary key, mail text unique);"
        f"create table c (id int primary key, pid int references p on delete {action}"
        " check (pid < 5))",
        "p",
        "c",
    )
    one, other = "insert into p values (9, 'a')", "insert into p values (1, 'a')"
    play(mesh, order, {1: one, 2: f"{other}; insert into c values (1, 1)"}, first)
    if first == 1:
        assert rows_of(mesh, "p") == [(1, "a")]
        assert rows_of(mesh, "c") == [(1, 1)]
        return
    assert rows_of(mesh, "p") == [(9, "a")]
    cleared = action.startswith("set")
    assert rows_of(mesh, "c") == ([(1, None)] if cleared else [])
    for site in mesh:
        [told] = conflicts(site, "c")
        assert told["loser_row"] == ["1", "1"]
        assert ("SET" in told["rule"]) == cleared


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("update p set id = 9 where id = 1", [(1, 5), (9, 5)]),
        ("update p set code = 9 where id = 1", [(1, 5)]),
    ],
)
def test_a_child_that_cannot_follow_a_key_that_was_changed(
    mesh: Mesh, change: str, kept: list[tuple[int, int]], order: list[tuple[int, int]], first: int
) -> None:
    refers = "code" if "code" in change else "id"
    up(
        mesh,
        "create table p (id int primary key, code int);"
        + ("alter table p add unique (code);" if refers == "code" else "")
        + f"create table c (id int primary key, pid int references p ({refers})"
        " on update cascade check (pid < 8))",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1, 5)")
    assert_whole(mesh)
    child = f"insert into c values (1, {5 if refers == 'code' else 1})"
    play(mesh, order, {1: change, 2: child}, first)
    assert rows_of(mesh, "p") == kept
    assert len(rows_of(mesh, "c")) == 1


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_a_generated_column_cannot_follow(
    mesh: Mesh, order: list[tuple[int, int]], first: int
) -> None:
    """Nor does it hold up what else there is."""
    up(
        mesh,
        "create table p (id int primary key, mail text unique);"
        "create table c (id int primary key, n int,"
        " pid int generated always as (n * 10) stored references p)",
        "p",
        "c",
    )
    one, other = "insert into p values (90, 'a')", "insert into p values (10, 'a')"
    play(mesh, order, {1: one, 2: f"{other}; insert into c values (1, 1)"}, first)
    if first == 1:
        assert rows_of(mesh, "p") == [(10, "a")]
        assert rows_of(mesh, "c") == [(1, 1, 10)]
        return
    assert rows_of(mesh, "p") == [(90, "a")]
    assert rows_of(mesh, "c") == []
    [told] = conflicts(mesh[3 if len(list(mesh)) > 2 else 1], "c")
    assert told["loser_row"] == ["1", "1"]


@pytest.mark.parametrize("first", [1, 2])
@pytest.mark.parametrize("order", ORDERS)
def test_a_generated_column_keeps_the_code_of_its_parent(
    mesh: Mesh, order: list[tuple[int, int]], first: int
) -> None:
    up(
        mesh,
        "create table p (id int primary key, code int unique);"
        "create table c (id int primary key, n int,"
        " code int generated always as (n * 10) stored references p (code))",
        "p",
        "c",
    )
    mesh[1].execute("insert into p values (1, 10)")
    assert_whole(mesh)
    writes = {1: "update p set code = 30 where id = 1", 2: "insert into c values (1, 1)"}
    play(mesh, order, writes, first)
    assert rows_of(mesh, "p") == [(1, 10)]
    assert rows_of(mesh, "c") == [(1, 1, 10)]


@pytest.mark.parametrize("action", one_a_day("no action", "cascade", "set null"))
@pytest.mark.parametrize("order", ORDERS)
def test_a_child_that_must_go_has_children(
    mesh: Mesh, order: list[tuple[int, int]], action: str
) -> None:
    """They cannot keep it: its parent gave way to another row, which it cannot follow."""
    up(
        mesh,
        "create table p (id int primary key, mail text unique);"
        "create table c (id int primary key, pid int references p check (pid < 5));"
        f"create table g (id int primary key, c int references c on delete {action});"
        "create table u (id int primary key)",
        "p",
        "c",
        "g",
        "u",
    )
    family = (
        "insert into p values (1, 'a'); insert into c values (1, 1); insert into g values (1, 1)"
    )
    other = "insert into p values (9, 'a'); insert into u values (1)"
    play(mesh, order, {1: other, 2: family}, 2)
    assert rows_of(mesh, "p") == [(9, "a")]
    assert rows_of(mesh, "c") == []
    assert rows_of(mesh, "g") == ([(1, None)] if action == "set null" else [])
    assert len(rows_of(mesh, "u")) == 1
