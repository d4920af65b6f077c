"""What a constraint or a column of one site alone refuses waits there, and is decided like any."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import PARKED, assert_whole, conflicts, parted, rows_of, settle

pytestmark = pytest.mark.timeout(120)


@dataclass(frozen=True)
class Refusal:
    """A table in which site 2 does not take a value.

    Attributes:
        refuse: What site 2 does to the table; `{t}` is its name.
        allow: What it does later, so that the value fits.
        value: That it does not take.
        reason: Part of what the parked change says.
    """

    refuse: str
    allow: str
    value: str | None
    reason: str


REFUSALS = {
    "checked": Refusal(
        "alter table {t} add constraint no_bad check (v <> 'bad')",
        "alter table {t} drop constraint no_bad",
        "bad",
        "no_bad",
    ),
    "filled": Refusal(
        "alter table {t} alter v set not null",
        "alter table {t} alter v drop not null",
        None,
        "not-null",
    ),
    "ranged": Refusal(
        "create domain fine as text constraint no_bad check (value <> 'bad');"
        "alter table {t} alter v type fine",
        "alter table {t} alter v type text; drop domain fine",
        "bad",
        "no_bad",
    ),
    "shorter": Refusal(
        "alter table {t} alter v type varchar(5)",
        "alter table {t} alter v type text",
        "too long",
        "too long",
    ),
    "without": Refusal(
        "alter table {t} drop column v",
        "alter table {t} add column v text default 'old'; alter table {t} alter v drop default",
        "bad",
        "no column v",
    ),
}
REASON = (
    "select reason from bondreplicate.replicate_parked"
    " where table_name = %s and key = '{1}' and strpos(reason, %s) > 0"
)
ROWS = "select id, v from {t} order by id"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    tables = "".join(
        f"create table {t} (id int primary key, v text);"
        f"insert into {t} values (1, 'old'), (2, 'old');"
        for t in REFUSALS
    )
    mesh = make_mesh(("18", "16", "15"), tables)
    settle(mesh)
    for table, of in REFUSALS.items():
        mesh[2].execute(of.refuse.format(t=table))
    yield mesh
    mesh.end()


def write_apart(mesh: Mesh, later: int) -> None:
    """Row 1 gets a value at site 1 that site 2 does not take, and one at site 3 that it takes."""
    with parted(mesh):
        for number in (4 - later, later):
            for table, of in REFUSALS.items():
                value = of.value if number == 1 else "good"
                mesh[number].execute(f"update {table} set v = %s where id = 1", [value])


def allow(mesh: Mesh) -> None:
    for table, of in REFUSALS.items():
        mesh[2].execute(of.allow.format(t=table))


def assert_told(mesh: Mesh, table: str, lost: list[tuple[str, int, list[Any]]]) -> None:
    """Every site tells of these: key, whose row lost, and the row."""

    def is_told() -> bool:
        for site in mesh:
            told = [(c["key"][0], c["loser_site"], c["loser_row"]) for c in conflicts(site, table)]
            assert sorted(told) == lost, f"{site}, {table}"
        return True

    eventually(is_told, "every site tells of what lost", 10)


def test_the_later_change_waits_and_wins(mesh: Mesh) -> None:
    write_apart(mesh, later=1)
    for table, of in REFUSALS.items():
        # Until site 2 has noticed what was altered there, the reason is the server's.
        words = f"{table}: row 1 waits: {of.reason}"
        eventually(lambda t=table, r=of.reason: mesh[2].query(REASON, [t, r]), words, 20)
        expected = [(1, of.value), (2, "old")]
        for number in (1, 3):
            eventually(
                lambda n=number, t=table, e=expected: mesh[n].query(ROWS.format(t=t)) == e,
                f"{table}: site {number} has the later change",
            )
        if table != "without":
            # The earlier change is taken there if it comes before the one that waits.
            kept = mesh[2].query(ROWS.format(t=table))
            assert kept in ([(1, v), (2, "old")] for v in ("good", "old"))
    allow(mesh)
    assert_whole(mesh, rounds=1)
    for table, of in REFUSALS.items():
        assert rows_of(mesh, table) == [(1, of.value), (2, "old")]
        assert_told(mesh, table, [("1", 3, ["1", "good"])])


def test_the_earlier_change_does_not_wait_for_ever(mesh: Mesh) -> None:
    """What site 3 wrote is later, so there is nothing left to be taken from site 1."""
    write_apart(mesh, later=3)
    # From site 3, and once more from site 1 if that had it when it sent its own.
    waits = "select array_agg(distinct table_name::text) from bondreplicate.replicate_parked"
    eventually(lambda: mesh[2].value(waits) == ["without"], "only the table without the column")
    allow(mesh)
    assert_whole(mesh, rounds=1)
    for table, of in REFUSALS.items():
        assert rows_of(mesh, table) == [(1, "good"), (2, "old")]
        assert_told(mesh, table, [("1", 1, ["1", of.value])])


def test_what_is_written_there_while_a_change_waits_is_later(mesh: Mesh) -> None:
    """Site 2 has not seen what waits, so the two are concurrent, and the user's is the later."""
    tables = [t for t in REFUSALS if t != "without"]
    for table in tables:
        mesh[1].execute(f"update {table} set v = %s", [REFUSALS[table].value])
    eventually(lambda: mesh[2].value(PARKED) == 2 * len(tables), "two rows of each table wait")
    for table in tables:
        mesh[2].execute(f"update {table} set v = 'mine' where id = 1")
        mesh[2].execute(f"delete from {table} where id = 2")
    eventually(lambda: mesh[2].value(PARKED) == 0, "what waited has lost")
    allow(mesh)
    assert_whole(mesh, rounds=1)
    for table in tables:
        value = REFUSALS[table].value
        assert rows_of(mesh, table) == [(1, "mine")]
        assert_told(mesh, table, [("1", 1, ["1", value]), ("2", 1, ["2", value])])
