"""Columns that something names together are merged as one."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bondreplicate.core.groups import group_columns

NAMES = ("id", "a", "b", "c", "d")


@pytest.mark.parametrize(
    ("together", "groups"),
    [
        ([], [("id",), ("a",), ("b",), ("c",), ("d",)]),
        ([("a", "b")], [("id",), ("a", "b"), ("c",), ("d",)]),
        ([("d", "a"), ("a", "c")], [("id",), ("a", "c", "d"), ("b",)]),
        # The key tells which row it is, and ties nothing.
        ([("id", "a"), ("id", "b")], [("id",), ("a",), ("b",), ("c",), ("d",)]),
        # A generated column does not travel, and ties what does.
        ([("a", "made"), ("made", "c")], [("id",), ("a", "c"), ("b",), ("d",)]),
        ([("id",), ()], [("id",), ("a",), ("b",), ("c",), ("d",)]),
    ],
)
def test_groups(together: Sequence[Sequence[str]], groups: list[tuple[str, ...]]) -> None:
    found = group_columns(NAMES, ["id"], together)
    assert found == {name: group for group in groups for name in group}


@given(st.lists(st.sets(st.sampled_from(NAMES)), max_size=5))
def test_groups_do_not_depend_on_order(together: list[Iterable[str]]) -> None:
    found = group_columns(NAMES, ["id"], together)
    assert group_columns(NAMES, ["id"], reversed(together)) == found
    for tied in together:
        free = [name for name in tied if name != "id"]
        assert len({found[name] for name in free}) <= 1
    assert sorted({n for group in found.values() for n in group}) == sorted(NAMES)
