"""What is wrong with a configuration, in words: one line for each mistake."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError
from pydantic_core import ErrorDetails

WORDS = {
    "missing": "is missing",
    "int_type": "is not a whole number",
    "float_type": "is not a number",
    "string_type": 'is not a text in "quotes"',
    "bool_type": "is neither true nor false",
    "string_too_short": "is empty",
}
LIMITS = {
    "greater_than": ("gt", "is not above {}"),
    "greater_than_equal": ("ge", "is below {}"),
    "less_than_equal": ("le", "is above {}"),
    "literal_error": ("expected", "is not {}"),
}


def closest(name: str, names: Sequence[str]) -> str | None:
    """The known name that a misspelt one resembles."""
    found = difflib.get_close_matches(name.lower(), names, n=1, cutoff=0.6)
    return found[0] if found else None


def lines_of(text: str) -> Mapping[str, int]:
    """Line number of each top-level key in the text of a TOML file."""
    found: dict[str, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if match := re.match(r"\s*\[*\s*[\"']?([\w-]+)[\"']?\s*[\].=]", line):
            found.setdefault(match[1], number)
    return found


def nested_path(location: Sequence[int | str]) -> str:
    """Where a mistake is: `a.b`."""
    return ".".join(str(part) for part in location)


def mistakes_in(
    error: ValidationError,
    names: Sequence[str],
    sources: Mapping[str, str],
    lines: Mapping[str, int],
    path: Path,
) -> list[str]:
    """Every mistake that pydantic found, each with the place it was read from.

    Those of variables first, then those of the file by line, then what is missing.

    Args:
        error: with the details.
        names: of all settings.
        sources: of the values that were given: the file, or a variable.
        lines: of the file.
        path: of the file.
    """
    found: list[tuple[float, str]] = []
    for detail in error.errors(include_url=False, include_input=False):
        name = str(detail["loc"][0]) if detail["loc"] else _words(detail).split(":")[0]
        source = sources.get(name, str(path))
        place = 0.0
        if source == str(path):
            place = float(lines.get(name, math.inf))
            source += f":{lines[name]}" if name in lines else ""
        found.append((place, f"{source}: {_line(detail, names)}"))
    return [told for _, told in sorted(found, key=lambda one: one[0])]


def _line(detail: ErrorDetails, names: Sequence[str]) -> str:
    where = nested_path(detail["loc"])
    if detail["type"] == "extra_forbidden":
        near = closest(where, names)
        return f"{where}: no such setting" + (f", did you mean {near}?" if near else "")
    return f"{where}: {_words(detail)}" if where else _words(detail)


def _words(detail: ErrorDetails) -> str:
    if detail["type"] in LIMITS:
        name, words = LIMITS[detail["type"]]
        return words.format(detail.get("ctx", {}).get(name))
    plain = detail["msg"].removeprefix("Value error, ")
    return WORDS.get(detail["type"], plain)
