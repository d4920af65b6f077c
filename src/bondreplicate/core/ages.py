"""Ages as people write them: 30d, 12h."""

from __future__ import annotations

import re

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
LONGEST_S = 100 * 366 * 86400.0
DAY_S = 86400.0


def parse_age_s(text: str) -> float | None:
    """The seconds of an age such as `30d`; None where it is none, or more than a hundred years."""
    found = re.fullmatch(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([smhdw])\s*", text)
    if found is None:
        return None
    seconds = float(found[1]) * UNITS_S[found[2]]
    return seconds if seconds <= LONGEST_S else None


def tell_age(seconds: float) -> str:
    """An age in the largest unit that fits: `3 hours`."""
    for unit, length_s in (("day", 86400), ("hour", 3600), ("minute", 60)):
        if seconds >= length_s:
            number = int(seconds // length_s)
            return f"{number} {unit}{'' if number == 1 else 's'}"
    number = max(0, int(seconds))
    return f"{number} second{'' if number == 1 else 's'}"
