"""Columns named as the functions of the daemon name their own: they are told apart."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bondreplicate.border import sqlfiles
from tests.kit import Mesh, make_mesh
from tests.scenarios.steps import SOAK, assert_whole, parted, rows_of, settle, up

pytestmark = pytest.mark.timeout(180)
SQL = Path(sqlfiles.__file__).parents[1] / "sql"
WORD = re.compile(r"\b[a-z][a-z_0-9]*\b")


INDEXED = [
    "constraint_name", "staged_key", "other_key", "wanted", "key", "x", "s", "vals", "stamp", "e0",
    "bond_key", "me", "only_key", "seen",
]  # fmt: skip


def words() -> list[list[str]]:
    """Every word of the templates: variables, aliases, columns of others; some at a time."""
    found: set[str] = set()
    for path in (SQL / "templates").glob("*.sql"):
        text = re.sub(r"--[^\n]*|'[^'\n]*'|\{\w+\}", "", path.read_text())
        found.update(WORD.findall(text))
    found -= {"ctid", "xmin", "xmax", "tableoid", "id", "made", *INDEXED}
    rest = sorted(found | {"key_", "e1", "k1"})
    return [INDEXED + rest[i : i + 200] for i in range(0, len(rest), 200)]


@pytest.fixture
def two() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"))
    yield mesh
    mesh.end()


def insert(mesh: Mesh, site: int, table: str, key: int, number: int) -> None:
    """A row whose columns, but for its key, all hold that number."""
    names = [row[0] for row in mesh[site].query(COLUMNS, [table])]
    values = ", ".join([str(key)] + [str(number)] * (len(names) - 1))
    mesh[site].execute(f"insert into {table} values ({values})")


COLUMNS = (
    "select attname::text from pg_attribute"
    " where attrelid = to_regclass(%s) and attnum > 0 and not attisdropped order by attnum"
)


@pytest.mark.parametrize("names", words(), ids=lambda names: names[len(INDEXED)])
def test_every_word_of_the_templates_as_a_column(two: Mesh, names: list[str]) -> None:
    """Insert, update, clash, orphan, TRUNCATE and delete with a table that has them all."""
    columns = ", ".join(f'"{w}" int' for w in names)
    up(
        two,
        f"create table w (id int primary key, {columns},"
        ' made int generated always as ("e0" + "bond_key") stored);'
        'create unique index on w ("constraint_name", ("staged_key" + "other_key"), "wanted")'
        ' where "key" > 0 and "x" > 0; create unique index on w ("made") where "s" > 100;'
        'create unique index on w ("vals"); alter table w add unique ("stamp") deferrable;',
        "w",
    )
    two[1].execute("alter table w drop column made")
    two[2].execute("alter table w drop column made")
    insert(two, 1, "w", 1, 1)
    insert(two, 1, "w", 2, 2)
    settle(two)
    with parted(two):
        for site in two:
            insert(two, site.number, "w", 10 + site.number, 5)  # they share unique values
            site.execute('update w set "me" = 7, "only_key" = %s where id = 1', [site.number])
    assert_whole(two)
    assert [row[0] for row in rows_of(two, "w")] == [1, 2, 12]
    two[2].execute("delete from w where id = 2")
    assert_whole(two)
    with parted(two):
        two[1].execute("truncate w")
        two[2].execute('update w set "seen" = 9 where id = 1')
    assert_whole(two)


KEYS = ["wanted"]
if SOAK:
    KEYS += [
        "only_key", "key", "vals", "me", "origin", "tab", "since", "impatient", "t", "s",
        "staged_key", "gone",
    ]  # fmt: skip


@pytest.mark.parametrize("name", KEYS)
def test_a_key_of_that_name(two: Mesh, name: str) -> None:
    """Of the table, and in what points at it."""
    up(
        two,
        f'create table p ("{name}" int primary key, code int unique);'
        f'create table c (id int primary key, "{name}" int references p on delete cascade);'
        f'create table j ("{name}" int references p, r int, primary key ("{name}", r))',
        "p", "c", "j",
    )  # fmt: skip
    two[1].execute("insert into p values (1, 1), (2, 2), (3, 3); insert into c values (1, 1)")
    settle(two)
    with parted(two):
        for site in two:
            key = 10 + site.number
            site.execute("insert into p values (%s, 5)", [key])
            site.execute("insert into j values (%s, 1)", [key])
        two[1].execute(f'delete from p where "{name}" in (2, 3)')
        two[2].execute("insert into c values (2, 2); insert into j values (3, 1)")
    assert_whole(two)
    for site in two:
        site.execute(f'update p set code = code + 100 where "{name}" = 1')
    assert_whole(two)
    two[2].execute("truncate c, j")
    assert_whole(two)
