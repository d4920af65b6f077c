"""Reads pages of the documentation: their code blocks, headings and links."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]

_FENCE = re.compile(r"^```(\w*) ?(.*?)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ORDER = re.compile(r"<!-- (Ctrl\+C|ends) ([\w ]+) -->")
_LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Step:
    """Something a page says, in order of the page.

    kind: "sh" (typed), "text" (shown after what was typed), "Ctrl+C" or "ends".
    name: the terminals it is about; "" the first.
    """

    kind: str
    name: str
    text: str
    line: int


def pages() -> list[Path]:
    """Every page of the documentation."""
    return sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def steps(page: Path) -> list[Step]:
    """What a page lets people type, what it says they will see, and what happens to terminals."""
    text = page.read_text()
    found: list[tuple[int, Step]] = []
    for fence in _FENCE.finditer(text):
        kind, name, body = fence.groups()
        if kind in ("sh", "text"):
            found.append((fence.start(), Step(kind, name, body, _line(text, fence.start()))))
    for order in _ORDER.finditer(text):
        step = Step(order[1], order[2], "", _line(text, order.start()))
        found.append((order.start(), step))
    return [step for _, step in sorted(found, key=lambda pair: pair[0])]


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Line and target of every link outside code."""
    text = _without_code(page.read_text())
    for link in _LINK.finditer(text):
        yield _line(text, link.start()), link[1]


def anchors(page: Path) -> set[str]:
    """The fragments that the headings of a page can be reached by, as GitHub makes them."""
    heads = re.findall(r"^#+ +(.+?) *$", _without_code(page.read_text()), re.MULTILINE)
    return {_slug(head) for head in heads}


def _slug(head: str) -> str:
    plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", head).lower()
    kept = "".join(c for c in plain if c in " -_" or unicodedata.category(c)[0] in "LN")
    return kept.replace(" ", "-")


def _without_code(text: str) -> str:
    """The text with code blocks and code spans blanked, line numbers kept."""
    text = re.sub(
        r"^```.*?^```$", lambda m: re.sub(r"[^\n]", " ", m[0]), text, flags=re.M | re.DOTALL
    )
    return re.sub(r"`[^`\n]*\]\([^`\n]*`", "", text)
