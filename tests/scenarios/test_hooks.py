"""Hooks that do not what they should: answer otherwise at another site, write, look for names."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.policies import crossing, set_policies, told
from tests.scenarios.steps import assert_whole, rows_of, settle, two_or_three, up

pytestmark = pytest.mark.timeout(300)

FORM = "(key text[], later jsonb, earlier jsonb, later_version jsonb, earlier_version jsonb)"
MADE = "what public.moody made of both stays"
LATER = "the later version stays"
SETUP = f"""
create function mood() returns text stable language sql as
    'select (array[''one'', ''two'', ''three''])[s.site] from bondreplicate.replicate_state as s';
create function moody{FORM} returns jsonb stable language sql as $$
    select case
        when key[1] = '1' then jsonb_build_object('t', m.word)
        when key[1] = '2' and m.word = 'two' then null
        when key[1] = '2' then jsonb_build_object('t', m.word)
        when key[1] = '3' and m.word = 'one' then null
        when key[1] = '3' then jsonb_build_object('t', m.word)
        when key[1] = '4' and m.word = 'one' then later
        when key[1] = '5' and m.word = 'two' then later
        when key[1] = '6' and m.word = 'two' then jsonb_build_object('n', 1 / (later ->> 'n')::int)
        else '{{"t": "made"}}'
    end from public.mood() as m (word) $$;
"""
TABLE = (
    "create table moody (id int primary key, t text, n int default 0);"
    "insert into moody select i, 'base' from generate_series(1, 9) i;"
)

WRITING = {
    "writes": "insert into public.journal values (1, 'direct'); return later;",
    "calls": "perform public.writer(); return later;",
    "counts": "perform nextval('public.counted'); return later;",
    "locks": "perform from public.journal for update; return later;",
    "looks": "perform from journal; return later;",
    "reads": "return jsonb_build_object('t', (select t from public.journal where id = 9));",
}
"""Bodies of STABLE functions, each the hook of a table of that name."""
WRITERS = """
create table journal (id int primary key, t text);
insert into journal values (9, 'read');
create sequence counted;
create function writer() returns void language sql as
    $$ insert into public.journal values (2, 'called') $$;
""" + "".join(
    f"create function {name}{FORM} returns jsonb stable language plpgsql as $$ begin {body} end $$;"
    f"create table t_{name} (id int primary key, t text);"
    f"insert into t_{name} values (1, 'base');"
    for name, body in WRITING.items()
)

SHAPE = "select shape from bondreplicate.replicate_tables where table_name = 't_reads'"


@pytest.fixture(scope="module", params=two_or_three(("15", "18"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param, proxies=True)
    tables = [f"t_{name}" for name in WRITING]
    up(mesh, SETUP + TABLE + WRITERS, "moody", "journal", *tables)
    hooks = {"moody": "moody"} | dict(zip(tables, WRITING, strict=True))
    set_policies(mesh, {t: ("hook", "--function", f"public.{f}") for t, f in hooks.items()})
    learn(mesh)
    yield mesh
    mesh.end()


def learn(mesh: Mesh) -> None:
    """Let each link send something: where tables were altered, it cuts a batch a second time."""
    for site in mesh:
        site.execute("update moody set t = 'base' where id = 9")
        settle(mesh)


def test_of_two_answers_one_stays_and_is_told(mesh: Mesh) -> None:
    with crossing(mesh):
        mesh[1].execute("update moody set t = 'w1' where id < 8")
        mesh[2].execute("update moody set t = 'w2' where id < 8")
    assert_whole(mesh)
    assert [row[:2] for row in rows_of(mesh, "moody")] == [
        (1, "two"), (3, "two"), (4, "made"), (5, "made"), (6, "made"), (7, "made"),
        (8, "base"), (9, "base"),
    ]  # fmt: skip
    made = {(c["key"][0], word_of(c["winner_row"]), word_of(c["loser_row"]))
            for c in told(mesh, "moody", MADE)}  # fmt: skip
    answers = {"1": ("one", "two"), "2": ("one", None), "3": (None, "two")}
    alike = dict.fromkeys("4567", ("made",))
    assert made == {
        (key, word, lost)
        for key, words in (answers | alike).items()
        for word in words
        for lost in ("w1", "w2")
    }
    later = {
        (c["key"][0], word_of(c["winner_row"]), word_of(c["loser_row"]), c["rule"])
        for c in told(mesh, "moody", LATER)
    }
    assert later == {
        ("1", "two", "one", LATER), ("2", None, "one", LATER), ("3", "two", None, LATER),
        ("4", "w2", "w1", LATER), ("5", "w2", "w1", LATER),
        ("6", "w2", "w1", f"{LATER}: public.moody failed: division by zero"),
    }  # fmt: skip


def test_a_hook_reads_what_it_names_and_writes_nothing(mesh: Mesh) -> None:
    with crossing(mesh):
        for name in WRITING:
            mesh[1].execute(f"update t_{name} set t = 'w1'")
            mesh[2].execute(f"update t_{name} set t = 'w2'")
    assert_whole(mesh)
    assert rows_of(mesh, "journal") == [(9, "read")]
    assert {site.value("select is_called from counted") for site in mesh} == {False}
    why = {
        "writes": "INSERT is not allowed in a non-volatile function",
        "calls": "cannot execute INSERT in a read-only transaction",
        "counts": "cannot execute nextval() in a read-only transaction",
        "locks": "SELECT FOR UPDATE is not allowed in a non-volatile function",
        "looks": 'relation "journal" does not exist',
    }
    for name, words in why.items():
        assert rows_of(mesh, f"t_{name}") == [(1, "w2")], name
        [conflict] = told(mesh, f"t_{name}", LATER)
        assert conflict["rule"] == f"{LATER}: public.{name} failed: {words}"
    assert rows_of(mesh, "t_reads") == [(1, "read")]


def test_a_hook_that_no_site_can_use_is_named(mesh: Mesh) -> None:
    before = [site.value(SHAPE) for site in mesh]
    for site in mesh:
        site.execute("alter function reads volatile")
    noticed = "the daemons have noticed"
    eventually(lambda: all(s.value(SHAPE) != b for s, b in zip(mesh, before, strict=True)), noticed)
    doctor = " ".join(mesh[1].cli("doctor", check=None).stdout.split())
    assert "hook public.reads, is missing, or VOLATILE, there and at this site" in doctor
    [link, *_] = mesh[1].cli_json("status", check=None)["links"]
    assert link["policies_not_used"] == ["public.t_reads"]
    for site in mesh:
        site.execute("alter function reads stable")
    eventually(lambda: [site.value(SHAPE) for site in mesh] == before, noticed)
    learn(mesh)


def word_of(row: list[str] | None) -> str | None:
    """The column that the hook answers with."""
    return row[1] if row else None
