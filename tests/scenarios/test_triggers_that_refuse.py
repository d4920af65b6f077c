"""ENABLE ALWAYS triggers that refuse in ways of their own: one row of theirs holds up no other."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import assert_whole, parted, rows_of, up

pytestmark = pytest.mark.timeout(120)

WAITS = "select key, reason from bondreplicate.replicate_parked"
AUDIT = "create table audit (n int unique);"
NOTES = """
create function note() returns trigger language plpgsql as $$
begin {does} return coalesce(new, old); end $$;
create trigger note {when} for each row execute function note();
alter table t enable always trigger note;
"""


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "15"), proxies=True)
    yield mesh
    mesh.end()


@pytest.mark.parametrize(
    ("does", "why"),
    [
        ("insert into public.audit values (new.n);", "duplicate key value violates unique"),
        ("if new.n = 2 then raise unique_violation using message = 'no'; end if;", "no"),
        ("if new.n = 2 then raise exclusion_violation using message = 'no'; end if;", "no"),
    ],
)
def test_a_unique_value_of_another_table(mesh: Mesh, does: str, why: str) -> None:
    """What the trigger writes, or raises, has the SQLSTATE of a row that clashes; none does."""
    up(mesh, "create table t (id int primary key, n int); create table u (id int primary key)",
        "t", "u")  # fmt: skip
    mesh[2].execute(
        f"{AUDIT} insert into audit values (2);"
        + NOTES.format(does=does, when="before insert on t")
    )
    mesh[1].execute("insert into t values (1, 1), (2, 2), (3, 3); insert into u values (1)")
    eventually(lambda: mesh[2].query("select id from t order by 1") == [(1,), (3,)], "t", 20)
    eventually(lambda: mesh[2].value("select count(*) from u") == 1, "u", 20)
    [(key, reason)] = mesh[2].query(WAITS)
    assert (key, why in reason) == (["2"], True)
    mesh[2].execute("drop trigger note on t; drop table audit")
    assert_whole(mesh)
    assert len(rows_of(mesh, "t")) == 3


def test_a_child_that_may_not_be_deleted_keeps_its_parent(mesh: Mesh) -> None:
    """CASCADE; at one site the server would not have let the parent go."""
    up(mesh, "create table p (id int primary key);"
        "create table t (id int primary key, pid int references p on delete cascade);"
        + NOTES.format(does="raise exception 'no';", when="before delete on t"),
        "p", "t")  # fmt: skip
    mesh[1].execute("insert into p values (1)")
    assert_whole(mesh)
    with parted(mesh, [(1, 2), (2, 1)]):
        mesh[1].execute("delete from p")
        mesh[2].execute("insert into t values (1, 1)")
    assert_whole(mesh)
