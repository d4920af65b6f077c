"""Whether a snapshot shows a transaction is told as the server tells it."""

from hypothesis import given
from hypothesis import strategies as st

from bondreplicate.core.snapshot import NOTHING, includes, is_had, shows

NUMBERS = st.integers(1, 12)


@given(st.sets(NUMBERS), st.integers(1, 14), st.lists(st.tuples(NUMBERS, NUMBERS), max_size=3))
def test_shows(still_open: set[int], end: int, pairs: list[tuple[int, int]]) -> None:
    among = sorted(xid for xid in still_open if xid < end)
    snapshot = f"{min(among, default=end)}:{end}:{','.join(map(str, among))}"
    spans = [(min(pair), max(pair) + 1) for pair in pairs]
    expected = all(
        xid < end and xid not in still_open for first, after in spans for xid in range(first, after)
    )
    assert shows(snapshot, spans) == expected


def visible(end: int, still_open: set[int]) -> tuple[str, set[int]]:
    among = sorted(xid for xid in still_open if xid < end)
    shown = {xid for xid in range(1, end) if xid not in among}
    return f"{min(among, default=end)}:{end}:{','.join(map(str, among))}", shown


@given(st.sets(NUMBERS), st.integers(1, 14), st.sets(NUMBERS), st.integers(1, 14))
def test_includes(open_a: set[int], end_a: int, open_b: set[int], end_b: int) -> None:
    (a, shown_a), (b, shown_b) = visible(end_a, open_a), visible(end_b, open_b)
    if includes(a, b):
        assert shown_a >= shown_b
    elif end_b <= end_a:
        assert not shown_a >= shown_b


@given(st.sets(NUMBERS), st.integers(1, 14), st.sets(NUMBERS), st.integers(1, 14), st.sets(NUMBERS))
def test_what_is_had_is_shown(
    open_a: set[int], end_a: int, open_b: set[int], end_b: int, gone: set[int]
) -> None:
    (a, shown_a), (b, shown_b) = visible(end_a, open_a), visible(end_b, open_b)
    forgotten = gone & shown_b
    if forgotten and is_had(a, max(forgotten), [b]):
        assert forgotten <= shown_a


def test_no_transaction_is_shown_by_nothing() -> None:
    assert shows(NOTHING, [])
    assert not shows(NOTHING, [(1, 2)])
