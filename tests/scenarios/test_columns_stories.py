"""Tables that are merged by column, where more than columns clash: each story in many orders."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.columns import orders_of, up_by_column
from tests.scenarios.steps import Link, assert_whole, parted, rows_of, settle, two_or_three
from tests.scenarios.test_columns import IN_ORDER, ORDERS

pytestmark = pytest.mark.timeout(300)


@dataclass(frozen=True)
class Story:
    """What is written where, one after the other, by sites that do not see each other.

    setup: tables, then rows. ends: the rows of `{t}` that stay; None: the same everywhere will do.
    tables: all of them. but: orders of arrival in which it waits for itself, also by row: the
    parent that stays for the one that goes, that for its child, the child for its new parent.
    """

    setup: str
    writes: Sequence[tuple[int, str]]
    ends: Sequence[tuple[Any, ...]] | None
    tables: Sequence[str] = ("{t}",)
    but: Sequence[str] = ()


PLAIN = "create table {t} (id int primary key, a text, b text, c text);"
ONE = "insert into {t} values (1, 'a', 'b', 'c');"
FAMILY = (
    "create table {t}_p (id int primary key, code text unique, n text);"
    "create table {t} (id int primary key, p int references {t}_p on delete %s, a text, b text);"
)
STORIES = {
    "check_columns_are_one": Story(
        "create table {t} (id int primary key, lo int, hi int, x text, check (lo <= hi));"
        "insert into {t} values (1, 1, 10, '')",
        [(1, "update {t} set lo = 9"), (3, "update {t} set x = 'x'"), (2, "update {t} set hi = 3")],
        [(1, 1, 3, "x")],
    ),
    "unique_columns_are_one": Story(
        "create table {t} (id int primary key, u int, v int, x text, unique (u, v));"
        "insert into {t} values (1, 1, 1, ''), (2, 2, 1, '')",
        [(2, "update {t} set u = 5 where id = 1"), (3, "update {t} set x = 'x'"),
         (1, "update {t} set v = 6 where id = 1")],
        [(1, 1, 6, "x"), (2, 2, 1, "x")],
    ),
    "generated_ties": Story(
        "create table {t} (id int primary key, a int, b int, s int generated always as (a + b)"
        " stored, x text); insert into {t} (id, a, b) values (1, 1, 1)",
        [(1, "update {t} set a = 5"), (3, "update {t} set x = 'x'"), (2, "update {t} set b = 7")],
        [(1, 1, 7, 8, "x")],
    ),
    "identity": Story(
        "create table {t} (id int primary key, i int generated always as identity, a text, b text);"
        "insert into {t} (id, a, b) values (1, 'a', 'b')",
        [(1, "update {t} set a = 'a1'"), (2, "update {t} set b = 'b2'")],
        [(1, 11, "a1", "b2")],
    ),
    "set_null_beside_another_column": Story(
        FAMILY % "set null" + "insert into {t}_p values (1, 'c1', ''), (2, 'c2', '');"
        "insert into {t} values (1, 1, 'a', 'b')",
        [(1, "delete from {t}_p where id = 2"), (2, "update {t} set p = 2"),
         (3, "update {t} set a = 'a3'")],
        [(1, None, "a3", "b")],
        ("{t}_p", "{t}"),
    ),
    "cascade_beside_another_column": Story(
        FAMILY % "cascade" + "insert into {t}_p values (1, 'c1', ''), (2, 'c2', '');"
        "insert into {t} values (1, 1, 'a', 'b')",
        [(2, "update {t} set p = 2"), (3, "update {t} set a = 'a3'"),
         (1, "delete from {t}_p where id = 2")],
        None,
        ("{t}_p", "{t}"),
    ),
    "parent_comes_back": Story(
        FAMILY % "no action" + "insert into {t}_p values (1, 'c1', ''), (2, 'c2', '');"
        "insert into {t} values (1, 1, 'a', 'b')",
        [(1, "delete from {t}_p where id = 2"), (2, "update {t} set p = 2"),
         (3, "update {t} set a = 'a3'"), (3, "update {t}_p set n = 'n3' where id = 2")],
        [(1, 2, "a3", "b")],
        ("{t}_p", "{t}"),
    ),
    "child_follows_beside_another_column": Story(
        FAMILY % "no action" + "insert into {t} values (1, null, 'a', 'b'), (2, null, 'a', 'b')",
        [(1, "insert into {t}_p values (11, 'same', 'by 1')"),
         (1, "update {t} set p = 11 where id = 1"),
         (3, "update {t} set a = 'a3'"), (2, "insert into {t}_p values (22, 'same', 'by 2')"),
         (2, "update {t} set p = 22 where id = 2"), (1, "update {t} set b = 'b1'")],
        [(1, 22, "a3", "b1"), (2, 22, "a3", "b1")],
        ("{t}_p", "{t}"),
    ),
    "foreign_key_columns_are_one": Story(
        "create table {t}_p (u int, v int, primary key (u, v));"
        "create table {t} (id int primary key, u int, v int, x text,"
        " foreign key (u, v) references {t}_p);"
        "insert into {t}_p values (1, 1), (1, 2), (2, 1); insert into {t} values (1, 1, 1, '')",
        [(1, "update {t} set u = 2"), (3, "update {t} set x = 'x'"), (2, "update {t} set v = 2")],
        [(1, 1, 2, "x")],
        ("{t}_p", "{t}"),
    ),
    "unique_beside_another_column": Story(
        "create table {t} (id int primary key, u text unique, a text, b text);"
        "insert into {t} values (1, 'u1', 'a', 'b'), (2, 'u2', 'a', 'b')",
        [(1, "update {t} set u = 'x' where id = 1"), (3, "update {t} set a = 'a3'"),
         (2, "update {t} set u = 'x' where id = 2"), (1, "update {t} set b = 'b1'")],
        None,
    ),
    "unique_goes_from_row_to_row": Story(
        "create table {t} (id int primary key, u text unique, a text);"
        "insert into {t} values (1, 'u1', 'a'), (2, 'u2', 'a')",
        [(1, ("update {t} set u = null where id = 1; update {t} set u = 'u1' where id = 2;"
             "update {t} set u = 'u2' where id = 1")), (2, "update {t} set a = 'a2'")],
        [(1, "u2", "a2"), (2, "u1", "a2")],
    ),
    "truncate_first": Story(
        PLAIN + ONE + "insert into {t} values (2, 'a', 'b', 'c')",
        [(3, "update {t} set b = 'b3' where id = 1"), (2, "truncate {t}"),
         (1, "update {t} set a = 'a1' where id = 1")],
        None,
    ),
    "truncate_last": Story(
        PLAIN + ONE,
        [(3, "update {t} set b = 'b3'"), (1, "update {t} set a = 'a1'"), (2, "truncate {t}")],
        [],
    ),
    "inserted_again": Story(
        PLAIN + ONE,
        [(1, "update {t} set a = 'a1'"), (2, "delete from {t}"),
         (2, "insert into {t} values (1, 'A', 'B', 'C')"), (3, "update {t} set c = 'c3'")],
        [(1, "A", "B", "c3")],
    ),
    "key_changes": Story(
        PLAIN + ONE,
        [(1, "update {t} set id = 100"), (2, "update {t} set b = 'b2'"),
         (3, "update {t} set c = 'c3'")],
        None,
    ),
    "keys_swap": Story(
        PLAIN + ONE + "insert into {t} values (2, 'A', 'B', 'C')",
        [(2, "update {t} set b = 'b2'"),
         (1, ("update {t} set id = -1 where id = 1; update {t} set id = 1 where id = 2;"
             "update {t} set id = 2 where id = -1")),
         (3, "update {t} set c = 'c3'")],
        [(1, "A", "B", "c3"), (2, "a", "b", "c3")],
    ),
    "inserted_twice": Story(
        PLAIN,
        [(1, "insert into {t} values (1, 'a1', 'b1', 'c1')"),
         (2, "insert into {t} values (1, 'a2', 'b2', 'c2')"),
         (1, "update {t} set b = 'later'")],
        [(1, "a2", "later", "c2")],
    ),
    "merged_is_refused": Story(
        "create table {t} (id int primary key, a int, b int, c text);"
        "create function {t}_f() returns trigger language plpgsql as $$ begin"
        " if new.a + new.b > 10 then raise 'too much'; end if; return new; end $$;"
        "create trigger t before insert or update on {t} for each row execute function {t}_f();"
        "alter table {t} enable always trigger t; insert into {t} values (1, 1, 1, 'c')",
        [(1, "update {t} set a = 9"), (2, "update {t} set b = 8"), (2, "update {t} set b = 9")],
        [(1, 1, 9, "c")],
    ),
    "merged_is_refused_below_a_third_change": Story(
        "create table {t} (id int primary key, a int, b int, c text);"
        "create function {t}_f() returns trigger language plpgsql as $$ begin"
        " if new.a + new.b > 10 then raise 'too much'; end if; return new; end $$;"
        "create trigger t before insert or update on {t} for each row execute function {t}_f();"
        "alter table {t} enable always trigger t; insert into {t} values (1, 1, 1, 'c')",
        [(1, "update {t} set a = 9"), (2, "update {t} set b = 9"), (3, "update {t} set c = 'c3'")],
        None,
    ),
    "written_without_change": Story(
        PLAIN + ONE,
        [(1, "update {t} set a = 'a1'"), (2, "update {t} set b = b")],
        [(1, "a", "b", "c")],
    ),
}  # fmt: skip


@pytest.fixture(scope="module", params=two_or_three(("15", "18"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param, proxies=True)
    parts, tables = [], []
    for order in orders_of(request):
        for name, story in STORIES.items():
            table = f"{name}_{order}"
            setup = story.setup.split("insert into", 1)
            parts.append(setup[0].replace("{t}", table))
            tables += [t.replace("{t}", table) for t in story.tables]
    up_by_column(mesh, ";".join(parts), *tables)
    yield mesh
    mesh.end()


@IN_ORDER
def test_stories(mesh: Mesh, order: str) -> None:
    stories = {name: story for name, story in STORIES.items() if order not in story.but}
    for name, story in stories.items():
        _, insert, rows = story.setup.partition("insert into")
        if insert:
            mesh[1].execute((insert + rows).replace("{t}", f"{name}_{order}"))
    settle(mesh)
    links: list[Link] = [link for link in ORDERS[order] if link in mesh.proxies]
    with parted(mesh, links):
        for name, story in stories.items():
            for site, write in story.writes:
                if site <= len(mesh.sites):
                    mesh[site].execute(write.replace("{t}", f"{name}_{order}"))
    assert_whole(mesh)
    wrong = {}
    for name, story in stories.items():
        found = rows_of(mesh, f"{name}_{order}")
        if story.ends is not None and len(mesh.sites) > 2 and found != list(story.ends):
            wrong[name] = found
    assert not wrong, wrong
