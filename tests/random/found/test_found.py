"""What random histories found, each as short as it gets: tables, statements, order of delivery."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.kit import Mesh, make_mesh
from tests.random.meshes import Meshes
from tests.random.replay import play
from tests.random.script import Script
from tests.scenarios.steps import Link, assert_whole, conflicts, parted, rows_of, settle, up


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["18", "15"], proxies=True)
    yield mesh
    mesh.end()


@pytest.mark.parametrize("order", [((1, 2), (2, 1)), ((2, 1), (1, 2))], ids=str)
def test_a_child_that_follows_its_parent_to_a_key_that_is_taken_is_kept(
    mesh: Mesh, order: Sequence[Link]
) -> None:
    """Seed 6: the row that another one stood in the way of was removed without a record."""
    p, c = (f"{name}{order[0][0]}" for name in ("owner", "badge"))
    up(
        mesh,
        f"create table {p} (k int primary key);"
        f"create table {c} (k int primary key references {p}, mark text)",
        p, c,
    )  # fmt: skip
    mesh[1].execute(f"insert into {p} values (1); insert into {c} values (1, 'first')")
    settle(mesh)
    with parted(mesh, order):
        mesh[1].execute(f"delete from {c}; update {p} set k = 4; insert into {c} values (4, 'a')")
        mesh[2].execute(f"update {c} set mark = 'b'")
    assert_whole(mesh)
    assert rows_of(mesh, c) == [(4, "a")]
    for site in mesh:
        assert ["1", "b"] in [told["loser_row"] for told in conflicts(site, c)], site


@pytest.mark.soak
@pytest.mark.parametrize("file", sorted(Path(__file__).parent.glob("*.json")), ids=lambda f: f.stem)
def test_a_history_that_failed_holds(file: Path) -> None:
    """503: repairs did not end where a TRUNCATE met later children (every day: s30_cycle).

    710115: a third site wrote over what met there, and nobody told (every day:
    tests/scenarios/test_told_by_a_third.py).
    """
    meshes = Meshes()
    try:
        assert play(Script.from_json(file.read_text()), meshes) == ""
    finally:
        meshes.end()
