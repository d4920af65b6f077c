"""The predictor by itself: histories of a few effects, with the right ends and with wrong ones."""

from dataclasses import replace

from tests.random.predictor import Effect, History, Key, Row, alike, is_shown
from tests.random.tables import ForeignKey, Schema, Table

KEY: Key = ("t", ("1",))


def effect(
    number: int, site: int, row: str | None, *saw: int, stamp: int | None = None, all_: bool = False
) -> Effect:
    seen = frozenset(saw)
    version = (number if stamp is None else stamp, site, 0)
    key = ("t", None) if all_ else KEY
    return Effect(number, key, version, row and (row,), row, seen, seen)  # type: ignore[arg-type]


def test_the_later_version_wins() -> None:
    history = History([effect(0, 1, "a"), effect(1, 2, "b", 0), effect(2, 1, "c", 0)])
    assert history.winner(KEY).row == ("c",)
    assert not history.wrong({KEY: ("c",)}, [KEY])
    assert history.wrong({KEY: ("b",)}, [KEY])
    assert not history.went_back({KEY: ("b",)}, [KEY])
    assert history.went_back({KEY: ("a",)}, [KEY])


def test_what_lost_must_be_recorded() -> None:
    history = History([effect(0, 1, "a"), effect(1, 2, "b", 0), effect(2, 1, "c", 0)])
    assert [e.number for e in history.unaccounted({KEY: ("c",)}, [])] == [1]
    assert not history.unaccounted({KEY: ("c",)}, [(KEY, ("b",), 2)])


def test_a_delete_and_a_truncate_are_effects() -> None:
    history = History([effect(0, 1, "a"), effect(1, 2, None, 0), effect(2, 1, "c", 0)])
    assert [e.number for e in history.unaccounted({KEY: ("c",)}, [])] == [1]
    assert not history.unaccounted({KEY: ("c",)}, [(KEY, None, 2)])
    history.effects.append(effect(3, 2, None, 0, 1, all_=True))
    assert history.winner(KEY).row is None
    assert [e.number for e in history.unaccounted({}, [])] == [2]


def test_a_stamp_is_later_than_what_its_author_saw() -> None:
    history = History([effect(0, 1, "a", stamp=5), effect(1, 2, "b", 0, stamp=4)])
    assert [(e.number, seen.number) for e, seen in history.out_of_turn()] == [(1, 0)]


def test_a_row_that_follows_its_parent_differs_in_its_reference_alone() -> None:
    row = ("1", "a", "4")
    history = History([replace(effect(0, 1, "a"), row=row)])
    for there, is_right in (
        (("1", "a", "5"), True), (("1", "b", "4"), False), (None, False),
    ):  # fmt: skip
        rows: dict[Key, Row] = {KEY: there} if there else {}
        assert bool(history.wrong(rows, [KEY], {"t": {2}})) is not is_right
        assert bool(history.went_back(rows, [KEY], {"t": {2}})) is not is_right
        assert history.wrong(rows, [KEY], {"other": {2}})
    assert not alike(None, row, {0, 1, 2})


def test_only_children_of_keys_that_were_changed_follow() -> None:
    columns = {"k": "int", "u0": "int", "r0x": "int"}
    to_key, own_key = (ForeignKey([c], "p", ["k"], "") for c in ("r0x", "k"))
    p = Table("p", ["k"], columns, code=True)
    tables = [
        Table("grandchild", ["k"], columns, foreign_keys=[replace(to_key, parent="joined")]),
        Table("joined", ["k"], columns, foreign_keys=[own_key]),
        Table("child", ["k"], columns, foreign_keys=[to_key]),
        Table("childs_child", ["k"], columns, foreign_keys=[replace(to_key, parent="child")]),
        Table("by_code", ["k"], columns, foreign_keys=[replace(to_key, refers=["u0"])]),
    ]
    schema = Schema([*tables, p])
    assert schema.followers({"p"}, set()) == {
        "child": {"r0x"}, "joined": {"k"}, "grandchild": {"r0x"},
    }  # fmt: skip
    assert schema.followers(set(), {"p"}) == {"by_code": {"r0x"}}
    assert schema.followers({"by_code", "grandchild"}, {"child"}) == {}


def test_a_code_is_followed_through_changes_of_its_key() -> None:
    first = effect(0, 1, "a")
    gone = replace(effect(1, 1, None, 0), became=("2",))
    there = replace(effect(2, 1, "a"), key=("t", ("2",)))
    history = History([first, gone, there])
    assert history.moved() == {"t"}
    assert history.recoded({"t": 0}) == set()
    history.effects.append(replace(effect(3, 1, "b", 2), key=("t", ("2",))))
    assert history.recoded({"t": 0}) == {"t"}
    assert History([first, effect(1, 1, None, 0)]).moved() == set()


def pieces(number: int, site: int, row: Row | None, *saw: int) -> Effect:
    mark = row[0] if row else None
    return replace(effect(number, site, None, *saw), row=row, mark=mark)


def test_a_row_merged_by_column_is_made_of_what_was_written() -> None:
    first = pieces(0, 1, ("a", "1", "1"))
    history = History([first, pieces(1, 1, ("b", "2", "1"), 0), pieces(2, 2, ("c", "1", "3"), 0)])
    for row, is_right in (
        (("c", "2", "3"), True), (("b", "2", "3"), True), (("b", "1", "1"), True),
        (("a", "2", "3"), False), (("c", "4", "3"), False), (None, False),
    ):  # fmt: skip
        rows: dict[Key, Row] = {KEY: row} if row else {}
        assert bool(history.pieced_wrong(rows, [KEY])) is not is_right, row
    assert not history.pieced_wrong({KEY: ("c", "4", "3")}, [KEY], {"t": {1}})
    history.effects.append(pieces(3, 2, None, 0, 1, 2))
    assert not history.pieced_wrong({}, [KEY])
    assert history.pieced_wrong({KEY: ("c", "2", "3")}, [KEY])


def test_of_a_row_that_is_put_together_the_mark_of_what_lost_is_told() -> None:
    first = pieces(0, 1, ("a", "1"))
    history = History([first, pieces(1, 1, ("b", "1"), 0), pieces(2, 2, ("c", "1"), 0)])
    rows: dict[Key, Row] = {KEY: ("c", "1")}
    assert [e.number for e in history.unaccounted(rows, [(KEY, ("b", "9"), 1)])] == [1]
    assert not history.unaccounted(rows, [(KEY, ("b", "9"), 1)], {("t", "b")})
    assert history.unaccounted(rows, [], {("other", "b"), ("t", "a")})


def test_a_policy_leaves_one_of_the_rows() -> None:
    history = History([effect(0, 1, "a"), effect(1, 2, "b")])
    assert not history.made_up({KEY: ("a",)}, [KEY])
    assert history.made_up({KEY: ("c",)}, [KEY])
    assert history.made_up({}, [KEY])
    assert not history.made_up({KEY: ("c",)}, [KEY], {"t": {0}})


def test_additions_count_once() -> None:
    begun = replace(effect(0, 1, "a"), begins=True, added=5)
    more = replace(effect(1, 2, "b", 0), added=-2)
    assert History([begun, more, replace(effect(2, 1, "c", 0), added=3)]).sums() == {KEY: 6}
    assert History([begun, more, replace(effect(2, 1, "c"), begins=True)]).sums() == {}
    assert History([begun, more, effect(2, 1, None, 0)]).sums() == {}
    assert History([begun, more, effect(2, 1, None, 0, all_=True)]).sums() == {}


def test_snapshots() -> None:
    assert [is_shown(x, "5:9:6,7") for x in (4, 5, 6, 8, 9)] == [True, True, False, True, False]
    assert not is_shown(1, None)
