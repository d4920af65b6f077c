"""The predictor by itself: histories of a few effects, with the right ends and with wrong ones."""

from tests.random.predictor import Effect, History, is_shown

KEY = ("t", ("1",))


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


def test_snapshots() -> None:
    assert [is_shown(x, "5:9:6,7") for x in (4, 5, 6, 8, 9)] == [True, True, False, True, False]
    assert not is_shown(1, None)
