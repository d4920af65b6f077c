"""When two tables are the same, decided without a database."""

from hypothesis import given
from hypothesis import strategies as st

from bondreplicate.core.compare import (
    BUCKETS_MAX,
    BUCKETS_MIN,
    Difference,
    Row,
    Seen,
    Suspects,
    Unsettled,
    differing_buckets,
    differing_keys,
    plan_buckets,
)

KEY = ("1",)


def test_buckets_are_bounded():
    assert plan_buckets(0) == BUCKETS_MIN
    assert plan_buckets(10**13) == BUCKETS_MAX


def test_a_bucket_that_one_side_does_not_have_differs():
    assert differing_buckets({1: (1, 2, 3), 2: (1, 1, 1)}, {1: (1, 2, 4), 3: (1, 1, 1)}) == [
        1,
        2,
        3,
    ]


tables = st.dictionaries(st.integers(0, 30), st.sampled_from("abc"))


@given(tables, tables)
def test_exactly_the_keys_that_differ_are_found(here: dict[int, str], there: dict[int, str]):
    def rows(table: dict[int, str]) -> list[Row]:
        return [Row(f"{k:03}", (str(k),), table[k]) for k in sorted(table)]

    expected = {k for k in here.keys() | there.keys() if here.get(k) != there.get(k)}
    found = list(differing_keys(rows(here), rows(there)))
    assert sorted(int(k) for (k,) in found) == sorted(expected)


def seen(digest: str | None, *, in_flight: bool = False, parked: str | None = None) -> Seen:
    return Seen(digest, in_flight, parked)


def test_one_look_proves_nothing_and_two_equal_ones_do():
    suspects = Suspects([KEY])
    suspects.look(KEY, seen("a"), seen("b"))
    assert suspects.proved == []
    suspects.look(KEY, seen("a"), seen("b"))
    assert suspects.proved == [Difference(KEY, "different")]
    assert suspects.close() == Unsettled()


def test_rows_that_become_the_same_are_cleared():
    suspects = Suspects([KEY])
    suspects.look(KEY, seen("a"), seen(None))
    suspects.look(KEY, seen("a"), seen("a"))
    assert not suspects.open
    assert not suspects.proved


def test_rows_that_keep_changing_or_are_on_their_way_are_never_a_difference():
    suspects = Suspects([KEY, ("2",)])
    for n in range(5):
        suspects.look(KEY, seen(f"a{n}"), seen("b"))
        suspects.look(("2",), seen("a", in_flight=True), seen("b"))
    assert suspects.close() == Unsettled(keys=2, leaving=1, changing=1)
    assert suspects.proved == []


def test_what_is_parked_is_a_difference_only_when_time_is_over():
    suspects = Suspects([KEY])
    for _ in range(3):
        suspects.look(KEY, seen("a"), seen(None, parked="no parent"))
        assert suspects.proved == []
    assert suspects.close() == Unsettled()
    assert suspects.proved == [Difference(KEY, "missing there", "no parent")]


def test_the_kind_tells_the_side():
    suspects = Suspects([("1",), ("2",)])
    for _ in range(2):
        suspects.look(("1",), seen(None), seen("b")) if ("1",) in suspects.open else None
        suspects.look(("2",), seen("a"), seen(None)) if ("2",) in suspects.open else None
    assert [d.kind for d in suspects.proved] == ["missing here", "missing there"]
