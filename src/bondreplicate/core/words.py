"""Numbers and nouns that agree."""

from __future__ import annotations


def counted(number: int, noun: str, several: str = "") -> str:
    """A number of things: `1 key`, `2 keys`, `2 entries`."""
    return f"{number} {noun if number == 1 else several or noun + 's'}"


def parked(number: int) -> str:
    """So many changes wait: `1 change is parked`."""
    return f"{counted(number, 'change')} {'is' if number == 1 else 'are'} parked"
