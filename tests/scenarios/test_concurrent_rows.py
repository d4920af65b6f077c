"""The same row written at several sites at once: one winner everywhere, and every loser told."""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import (
    SOAK,
    Link,
    assert_whole,
    conflicts,
    one_a_day,
    parted,
    rows_of,
    two_or_three,
    up,
)

pytestmark = pytest.mark.timeout(300)

FORTH: Sequence[Link] = ((1, 2), (2, 1), (1, 3), (2, 3), (3, 1), (3, 2))
BACK: Sequence[Link] = ((2, 1), (1, 2), (2, 3), (1, 3), (3, 2), (3, 1))
ARRIVALS = {"a_first": FORTH, "b_first": BACK}


@pytest.fixture(scope="module", params=two_or_three(("15", "18"), ("18", "16", "15")))
def mesh(request: pytest.FixtureRequest) -> Iterator[Mesh]:
    mesh = make_mesh(request.param, proxies=True)
    yield mesh
    mesh.end()


def among(mesh: Mesh, links: Sequence[Link]) -> list[Link]:
    """Those links that a mesh has."""
    return [link for link in links if link in mesh.proxies]


def logged_stamps(mesh: Mesh, site: int) -> dict[str, str]:
    """Stamp of each key that is in the log of a site, newest last."""
    found = mesh[site].query(
        "select key[1], to_jsonb(stamp) #>> '{}' from bondreplicate.replicate_log"
        " where key is not null and source = %s order by stamp",
        [site],
    )
    return dict(found)


def told_alike(mesh: Mesh, table: str) -> list[dict[str, Any]]:
    """The conflicts of a table, which every site must tell alike."""

    def is_told() -> list[list[dict[str, Any]]]:
        told = [conflicts(site, table) for site in mesh]
        for site, other in zip(mesh, told, strict=True):
            assert other == told[0], f"{site} tells of other conflicts than {mesh.sites[0]}"
        return told

    return eventually(is_told, "every site tells of the same conflicts", 10)[0]


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_s61_insert_insert(mesh: Mesh, arrival: str) -> None:
    table = f"cf_{arrival}"
    up(
        mesh,
        f"create table {table} (id int primary key, t text, n int, u text unique);"
        f"insert into {table} values (1, 'base', 0, 'u1')",
        table,
    )
    insert = f"insert into {table} values "
    with parted(mesh, among(mesh, ARRIVALS[arrival])):
        # 50 and 51 are written at A first, 60 and 61 at B first.
        mesh[1].execute(insert + "(50, 'A', 1, 'a50'), (51, 'same', 1, 's51')")
        mesh[2].execute(insert + "(50, 'B', 2, 'b50'), (60, 'B', 2, 'b60')")
        mesh[2].execute(insert + "(51, 'same', 1, 's51'), (61, 'same', 1, 's61')")
        mesh[1].execute(insert + "(60, 'A', 1, 'a60'), (61, 'same', 1, 's61')")
        stamps = {site: logged_stamps(mesh, site) for site in (1, 2)}
    assert_whole(mesh)
    assert rows_of(mesh, table) == [
        (1, "base", 0, "u1"),
        (50, "B", 2, "b50"),
        (51, "same", 1, "s51"),
        (60, "A", 1, "a60"),
        (61, "same", 1, "s61"),
    ]
    for site in mesh:
        told = conflicts(site, table)
        for same in ("51", "61"):
            assert len([c for c in told if c["key"] == [same]]) <= 1, told
        different = {c["key"][0]: c for c in told if c["key"][0] in ("50", "60")}
        assert len(told) - 2 <= 2, told
        for key, won, lost in (("50", 2, 1), ("60", 1, 2)):
            told_of = different[key]
            letter = {1: ["A", "1", f"a{key}"], 2: ["B", "2", f"b{key}"]}
            assert told_of["columns"] == ["id", "t", "n", "u"]
            assert (told_of["winner_site"], told_of["loser_site"]) == (won, lost)
            assert told_of["winner_row"] == [key, *letter[won]]
            assert told_of["loser_row"] == [key, *letter[lost]]
            assert told_of["winner_stamp"] == stamps[won][key]
            assert told_of["loser_stamp"] == stamps[lost][key]


A_SIDE = (
    "update {t} set n = 1 where id = 1",
    "delete from {t} where id = 2",
    "delete from {t} where id between 10 and 50",
)
B_SIDE = (
    "delete from {t} where id = 1",
    "update {t} set n = 2 where id = 2",
    "delete from {t} where id between 10 and 60",
)


def ud(mesh: Mesh, table: str) -> None:
    up(
        mesh,
        f"create table {table} (id int primary key, n int);"
        f"insert into {table} select i, 0 from generate_series(1, 100) i",
        table,
    )


def run(mesh: Mesh, site: int, table: str, statements: Sequence[str]) -> None:
    for statement in statements:
        mesh[site].execute(statement.format(t=table))


@pytest.mark.parametrize("arrival", one_a_day(*ARRIVALS))
@pytest.mark.parametrize("later", [1, 2], ids=["a_later", "b_later"])
def test_s63_update_delete(mesh: Mesh, later: int, arrival: str) -> None:
    table = f"ud_{later}{arrival}"
    ud(mesh, table)
    with parted(mesh, among(mesh, ARRIVALS[arrival])):
        for site in (3 - later, later):
            run(mesh, site, table, A_SIDE if site == 1 else B_SIDE)
    assert_whole(mesh)
    rest = [(3 + i, 0) for i in range(7)] + [(61 + i, 0) for i in range(40)]
    first = [(1, 1)] if later == 1 else [(2, 2)]
    assert rows_of(mesh, table) == first + rest
    told = {c["key"][0]: c for c in told_alike(mesh, table)}
    assert told.keys() == {"1", "2"}, f"rows deleted at both sites are no conflict: {told}"
    earlier = 3 - later
    for key, updated_by in (("1", 1), ("2", 2)):
        row = [key, str(updated_by)]
        assert (told[key]["winner_site"], told[key]["loser_site"]) == (later, earlier)
        assert told[key]["winner_row"] == (row if updated_by == later else None)
        assert told[key]["loser_row"] == (row if updated_by == earlier else None)


@pytest.mark.parametrize("arrival", one_a_day(*ARRIVALS))
@pytest.mark.parametrize("later", ["a_later", "b_later", "b_between"])
def test_s63_delete_truncate(mesh: Mesh, later: str, arrival: str) -> None:
    table = f"tr_{later}{arrival}"
    ud(mesh, table)
    with parted(mesh, among(mesh, ARRIVALS[arrival])):
        truncate = (*B_SIDE, "truncate {t}")
        if later == "a_later":
            run(mesh, 2, table, truncate)
            run(mesh, 1, table, A_SIDE)
        else:
            run(mesh, 1, table, A_SIDE)
            run(mesh, 2, table, truncate)
        if later == "b_between":
            run(mesh, 1, table, ["update {t} set n = 7 where id in (3, 99)"])
    assert_whole(mesh)
    expected = {"a_later": [(1, 1)], "b_later": [], "b_between": [(3, 7), (99, 7)]}
    assert rows_of(mesh, table) == expected[later]
    lost = {(c["key"][0], c["loser_site"]) for c in told_alike(mesh, table)}
    wanted = {"a_later": {("1", 2)}, "b_later": {("1", 1)}, "b_between": {("1", 1), ("3", 2)}}
    assert wanted[later] <= lost


OPERATIONS = {
    "insert": "delete from {t} where id = {k}; insert into {t} values ({k}, '{s}i')",
    "update": "update {t} set s = '{s}u' where id = {k}",
    "delete": "delete from {t} where id = {k}",
}
LEFT = {"insert": "{s}i", "update": "{s}u", "delete": None}


def schedules() -> dict[str, tuple[tuple[int, ...], Sequence[Link]]]:
    """Names to the order of writing and the order of links."""
    sites, found = (1, 2, 3), {}
    for order in itertools.permutations(sites):
        links = [(o, t) for o in order for t in order if o != t]
        found["mesh" + "".join(map(str, order))] = (order, links)
        hub, *leaves = order
        rays = [link for leaf in leaves for link in ((leaf, hub), (hub, leaf))]
        found[f"star{hub}" + "".join(map(str, leaves))] = (order, [*rays, *leaves_of(leaves)])
        ring = list(zip(order, order[1:] + order[:1], strict=True))
        found["ring" + "".join(map(str, order))] = (order, [*ring, *((b, a) for a, b in ring)])
    return found


def leaves_of(leaves: Sequence[int]) -> list[Link]:
    return list(itertools.permutations(leaves, 2))


EVERYDAY = ("mesh123", "mesh132", "mesh213", "mesh231", "mesh312", "mesh321", "star213", "ring312")


def test_s80_three_sites(mesh: Mesh) -> None:
    if len(mesh.sites) < 3:
        pytest.skip("needs three sites")
    combinations = list(itertools.product(OPERATIONS, repeat=3))
    plan = {n: s for n, s in schedules().items() if SOAK or n in EVERYDAY}
    keys = len(plan) * 100
    up(
        mesh,
        "create table t3 (id int primary key, s text);"
        f"insert into t3 select i, '' from generate_series(0, {keys}) i",
        "t3",
    )
    expected: dict[int, str | None] = dict.fromkeys(range(keys + 1), "")
    lost: set[tuple[str, int]] = set()
    for number, (writers, links) in enumerate(plan.values()):
        with parted(mesh, links):
            for site in writers:
                mesh[site].execute(
                    ";".join(
                        OPERATIONS[ops[site - 1]].format(t="t3", s=site, k=number * 100 + i)
                        for i, ops in enumerate(combinations)
                    )
                )
        for i, ops in enumerate(combinations):
            key = number * 100 + i
            left = {site: LEFT[ops[site - 1]] for site in writers}
            left = {site: text and text.format(s=site) for site, text in left.items()}
            expected[key] = left[writers[-1]]
            lost |= {(str(key), s) for s in writers[:-1] if left[s] != expected[key]}
        assert_whole(mesh, rounds=1)
        kept = [(k, s) for k, s in expected.items() if s is not None]
        assert rows_of(mesh, "t3") == kept, f"after {list(plan)[number]}"
    for site in mesh:
        told = {(c["key"][0], c["loser_site"]) for c in conflicts(site, "t3")}
        assert lost <= told, f"{site} does not tell of {sorted(lost - told)[:5]}"
    losers = [
        {(c["key"][0], c["loser_site"], c["loser_stamp"], str(c["loser_row"]))
         for c in conflicts(site, "t3")}
        for site in mesh
    ]  # fmt: skip
    assert losers[0] == losers[1] == losers[2]
