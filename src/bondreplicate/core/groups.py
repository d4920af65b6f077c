"""Which columns of a table are merged as one.

What one constraint names together must come from one site: else a row that is put together of two
could break a CHECK or a composite key that neither of the two broke.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def group_columns(
    names: Sequence[str], key: Iterable[str], together: Iterable[Iterable[str]]
) -> dict[str, tuple[str, ...]]:
    """The group of each column: those it is merged with, itself included.

    Args:
        names: columns whose values travel.
        key: of these, the columns of the key. They tell which row it is, so they tie nothing.
        together: sets of columns that something names together. They may hold columns that do not
            travel, such as a generated one, and tie others through them.

    Returns:
        By column, its group in the order of names.
    """
    alone = frozenset(key)
    root: dict[str, str] = {}

    def find(name: str) -> str:
        while root.setdefault(name, name) != name:
            name = root[name]
        return name

    for tied in together:
        first, *others = [name for name in tied if name not in alone] or [""]
        for other in others:
            root[find(other)] = find(first)
    return {name: tuple(other for other in names if find(other) == find(name)) for name in names}
