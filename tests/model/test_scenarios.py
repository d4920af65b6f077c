"""Short histories, step by step: what is lost where a rule is left out."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.model.history import BrokenError, Plan, World
from tests.model.rules import ALL, Rules
from tests.model.schema import Action, ForeignKey, Key, Row, Schema, Table

P1, P2, C1 = ("p", (1,)), ("p", (2,)), ("c", (1,))


def family(action: Action = Action.CASCADE) -> Schema:
    child = Table("c", columns=("p",), foreign_keys=(ForeignKey(("p",), "p", ("id",), action),))
    return Schema(Table("p"), child)


def row(number: int, mark: int, **columns: int) -> Row:
    return {"id": number, "mark": mark, **columns}


class Story:
    """Sites whose links do only what is said."""

    def __init__(self, schema: Schema, sites: int, rules: Rules) -> None:
        self.world = World(0, Plan(lambda _: schema, sites=(sites,)), rules)
        self.sites, self.clock = self.world.sites, 1000
        for site in self.sites.values():
            site.skew = 0

    def commit(self, number: int, rows: dict[Key, Row | None]) -> None:
        self.clock += 10
        self.sites[number].commit(rows, self.clock)
        self.world.check(self.sites[number])

    def send(self, *links: tuple[int, int]) -> None:
        for a, b in links:
            target = self.sites[b]
            assert target.apply(self.sites[a].cut(target.position.get(a, 0)))
            self.world.check(target)

    def settle(self) -> dict[Key, Row]:
        self.world.heal()
        self.world.verdict()
        return self.sites[1].shown


def test_who_passes_a_state_on_did_not_make_it() -> None:
    """Site 4 gets 3's row through 1, and must not forget it because 2 has all that 1 made."""

    def tell(rules: Rules) -> None:
        story = Story(family(), 4, rules)
        story.commit(1, {P1: row(1, 0)})
        story.settle()
        story.sites[3].skew = 1000
        story.commit(1, {P1: row(1, 1)})
        story.send((1, 2))
        story.commit(3, {P1: row(1, 2)})
        story.send((3, 1), (1, 4), (1, 2), (1, 3), (3, 4), (2, 4), (4, 1))
        story.commit(2, {P1: row(1, 3)})
        story.send((2, 4))
        assert story.settle()[P1]["mark"] == 2

    tell(ALL)
    with pytest.raises(BrokenError, match="diverged"):
        tell(replace(ALL, keep_maker=False))


@pytest.mark.parametrize("order", [((3, 2), (1, 2)), ((1, 2), (3, 2))], ids=["first", "last"])
def test_a_third_site_wrote_over_what_met_there(order: tuple[tuple[int, int], ...]) -> None:
    """Its row comes to both makers before they meet: as one that has seen what both made."""

    def tell(rules: Rules) -> None:
        story = Story(family(), 3, rules)
        story.commit(3, {P1: row(1, 0)})
        story.commit(1, {P1: row(1, 1)})
        story.send(*order)
        story.commit(2, {P1: row(1, 2)})
        story.send((2, 1), (2, 3))
        assert story.settle()[P1]["mark"] == 2

    tell(ALL)
    with pytest.raises(BrokenError, match="lost in silence"):
        tell(replace(ALL, third_tells=False))


def unique_handed_on(rules: Rules) -> dict[Key, Row]:
    """1 frees a value, 2 takes it, 3 hears of 2 first."""
    schema = Schema(Table("p", columns=("u",), uniques=(("u",),)))
    story = Story(schema, 3, rules)
    story.commit(1, {P1: row(1, 0, u=1), P2: row(2, 1, u=2)})
    story.settle()
    story.commit(1, {P1: row(1, 2, u=3)})
    story.send((1, 2))
    story.commit(2, {P2: row(2, 3, u=1)})
    story.send((2, 3))
    return story.settle()


def parent_back_again(rules: Rules) -> dict[Key, Row]:
    """A parent is deleted and comes back; 3 gets the new child before the new parent."""
    story = Story(family(), 3, rules)
    story.commit(1, {P1: row(1, 0)})
    story.settle()
    story.commit(1, {P1: None})
    story.send((1, 2), (1, 3))
    story.commit(2, {P1: row(1, 1)})
    story.send((2, 1))
    story.commit(1, {C1: row(1, 2, p=1)})
    story.send((1, 3))
    return story.settle()


def child_moves_on(rules: Rules) -> dict[Key, Row]:
    """A child moves to another parent and the old one goes; 2 does not have the new one yet."""
    story = Story(family(), 3, rules)
    story.commit(1, {P1: row(1, 0), C1: row(1, 1, p=1)})
    story.settle()
    story.commit(3, {P2: row(2, 2)})
    story.send((3, 1))
    story.commit(1, {C1: row(1, 3, p=2)})
    story.commit(1, {P1: None})
    story.send((1, 2))
    return story.settle()


@pytest.mark.parametrize(
    ("story", "rules", "rows"),
    [
        (unique_handed_on, replace(ALL, wait_for_known=False), {P1: 2, P2: 3}),
        (parent_back_again, replace(ALL, wait_for_known=False), {P1: 1, C1: 2}),
        (child_moves_on, None, {P2: 2, C1: 3}),
    ],
)
def test_nothing_is_removed_where_nothing_was_concurrent(
    story: Callable[[Rules], dict[Key, Row]], rules: Rules | None, rows: dict[Key, int]
) -> None:
    assert {k: r["mark"] for k, r in story(ALL).items()} == rows
    if rules:
        assert {k: r["mark"] for k, r in story(rules).items()} != rows


def test_a_delete_that_would_cascade_to_a_row_in_use_loses() -> None:
    schema = Schema(
        *family().tables.values(),
        Table("g", columns=("c",), foreign_keys=(ForeignKey(("c",), "c", ("id",)),)),
    )

    def tell(rules: Rules) -> dict[Key, Row]:
        story = Story(schema, 2, rules)
        story.commit(1, {P1: row(1, 0), C1: row(1, 1, p=1)})
        story.settle()
        story.commit(1, {C1: None, P1: None})
        story.commit(2, {("g", (1,)): row(1, 2, c=1)})
        return story.settle()

    assert len(tell(ALL)) == 3
    with pytest.raises(RuntimeError, match="repairs do not end"):
        tell(replace(ALL, cascade_spares=False))


def test_a_child_whose_key_holds_the_reference_moves_to_another_key() -> None:
    link = Table("j", key=("p", "q"), foreign_keys=(ForeignKey(("p",), "p", ("id",)),))
    schema = Schema(Table("p", columns=("u",), uniques=(("u",),)), link)
    story = Story(schema, 2, ALL)
    story.commit(1, {P1: row(1, 0, u=5), ("j", (1, 1)): {"p": 1, "q": 1, "mark": 1}})
    story.commit(2, {P2: row(2, 2, u=5), ("j", (2, 2)): {"p": 2, "q": 2, "mark": 3}})
    assert set(story.settle()) == {P2, ("j", (2, 1)), ("j", (2, 2))}


def test_children_follow_a_row_to_its_new_key() -> None:
    story = Story(family(Action.RESTRICT), 2, ALL)
    story.commit(1, {P1: row(1, 0)})
    story.settle()
    story.sites[1].commit({P1: None, P2: row(2, 1)}, 1100, {P1: P2})
    story.commit(2, {C1: row(1, 2, p=1)})
    assert story.settle() == {P2: row(2, 1), C1: row(1, 2, p=2)}


@pytest.mark.parametrize("at_once", [True, False])
def test_of_three_spans_in_a_chain_the_latest_decides(at_once: bool) -> None:
    """The middle one overlaps both: it goes, and takes the first along if the two met alone."""
    table = Table("p", columns=("first", "last"), spans=(("first", "last"),))
    story = Story(Schema(table), 3, ALL)
    for number in (1, 2, 3):
        span = row(number, number, first=number * 2, last=number * 2 + 2)
        story.commit(number, {("p", (number,)): span})
        if not at_once and number == 2:
            story.send((1, 2))
    assert {k[1][0] for k in story.settle()} <= {1, 3}
    assert ("p", (3,)) in story.sites[1].shown


def test_two_sites_remember_only_what_they_wrote() -> None:
    story = Story(family(), 2, ALL)
    story.commit(1, {P1: row(1, 0)})
    story.send((1, 2))
    assert story.sites[1].store[P1].version is not None
    assert story.sites[2].store[P1].version is None
