"""What a third site tells of changes that met there: it may be the only one that ever can."""

from collections.abc import Iterator, Sequence

import pytest

from tests.kit import Mesh, make_mesh
from tests.scenarios.steps import (
    Link,
    assert_whole,
    conflicts,
    parted,
    rows_of,
    settle,
    thaw,
    up,
    wait_delivered,
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(["18", "16", "15"], proxies=True)
    yield mesh
    mesh.end()


def deliver(mesh: Mesh, links: Sequence[Link]) -> None:
    """Open links one after the other, each for all that its origin has."""
    for link in links:
        mesh.proxies[link].flows.set()
        wait_delivered(mesh, link)


@pytest.mark.parametrize("order", [((3, 2), (1, 2)), ((1, 2), (3, 2))], ids=["first", "last"])
def test_what_lost_at_a_third_site_that_wrote_over_it_is_kept(
    mesh: Mesh, order: Sequence[Link]
) -> None:
    """Its makers meet what the third site made of it: that has seen both, so they tell nothing."""
    tables = [f"{what}{order[0][0]}" for what in ("updated", "deleted", "cut")]
    updated, deleted, cut = tables
    made = "create table {0} (k int primary key, mark text); "
    up(mesh, "".join(made.format(t) for t in tables), *tables)
    mesh[1].execute("; ".join(f"insert into {t} values (1, 'first')" for t in tables))
    settle(mesh)
    with parted(mesh):
        mesh[3].execute("; ".join(f"update {t} set mark = 'lost'" for t in tables))
        mesh[1].execute(f"update {updated} set mark = 'won'; delete from {deleted}; truncate {cut}")
        for proxy in mesh.proxies.values():
            proxy.flows.clear()
        thaw(mesh)
        deliver(mesh, order)
        for t in tables:
            mesh[2].execute(
                f"insert into {t} values (1, 'after') on conflict (k) do update set mark = 'after'"
            )
        deliver(mesh, [(2, 1), (2, 3)])
    assert_whole(mesh)
    for t in tables:
        assert rows_of(mesh, t) == [(1, "after")]
        for site in mesh:
            [told] = conflicts(site, t)
            assert (told["loser_row"], told["loser_site"]) == (["1", "lost"], 3), (site, t)
            assert (told["winner_row"], told["winner_site"]) == (
                (["1", "won"] if t == updated else None), 1
            ), (site, t)  # fmt: skip


def test_what_met_a_truncate_is_told_alike_everywhere(mesh: Mesh) -> None:
    """A row is told with the version that it has, also where it replaced one made here."""
    up(
        mesh,
        "create table early (k int primary key, mark text);"
        "create table late (k int primary key, mark text)",
        "early", "late",
    )  # fmt: skip
    mesh[1].execute("insert into early values (1, 'first'); insert into late values (1, 'first')")
    settle(mesh)
    change = "insert into {0} values (1, '{1}') on conflict (k) do update set mark = '{1}'"
    with parted(mesh, [(1, 3), (2, 3), (1, 2), (2, 1), (3, 1), (3, 2)]):
        mesh[2].execute("truncate early")
        for t in ("early", "late"):
            mesh[3].execute(change.format(t, "of 3"))
            mesh[1].execute(change.format(t, "of 1"))
        mesh[2].execute("truncate late")
    assert_whole(mesh)
    assert (rows_of(mesh, "early"), rows_of(mesh, "late")) == ([(1, "of 1")], [])
    for t, who in (("early", "winner"), ("late", "loser")):
        told = conflicts(mesh[1], t)
        assert all(conflicts(site, t) == told for site in mesh), [conflicts(s, t) for s in mesh]
        rows = {(c[f"{who}_site"], *(c[f"{who}_row"] or ())) for c in told}
        assert rows >= {(1, "1", "of 1")}, told
        assert rows <= {(1, "1", "of 1"), (3, "1", "of 3")}, told
