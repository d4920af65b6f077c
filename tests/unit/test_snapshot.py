"""Whether a snapshot shows a transaction is told as the server tells it."""

from hypothesis import given
from hypothesis import strategies as st

from bondreplicate.core.snapshot import NOTHING, shows

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


def test_no_transaction_is_shown_by_nothing() -> None:
    assert shows(NOTHING, [])
    assert not shows(NOTHING, [(1, 2)])
