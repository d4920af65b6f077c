"""Trouble that stays: what to do about owners, and telling it once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

What: TypeAlias = tuple[str, str]
"""What something is wrong with: schema and name, or event and name."""


def render_owner_hint(what: str = "table NAME") -> str:
    """What to do about something that the role in dsn may not alter.

    Never to grant it the owner: that may be a superuser, and its members are.

    Args:
        what: kind and name, as ALTER wants them: `table public.item`.
    """
    return f"alter {what} owner to ROLE (a role that the role in dsn is a member of)"


class Told:
    """Remembers trouble that was told, so that it is told once until it changes or is over."""

    def __init__(self) -> None:
        self._told: Mapping[What, str] = {}

    def note(self, trouble: Mapping[What, str]) -> list[What]:
        """Take all that is wrong in one round, by what it is wrong with.

        Returns:
            Those whose trouble is new. What is missing is over: if it comes back, it is new.
        """
        new = [what for what, words in trouble.items() if self._told.get(what) != words]
        self._told = dict(trouble)
        return new
