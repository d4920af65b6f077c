"""What the demo tells, on a terminal or in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

WIDTH = 110
"""Where there is no terminal."""


class Screen:
    """Lines and tables, in the order in which things happen."""

    def __init__(self) -> None:
        width = None if sys.stdout.isatty() else WIDTH
        self.console = Console(file=sys.stdout, width=width, highlight=False)

    def chapter(self, title: str) -> None:
        """Begin something new."""
        self.console.print()
        self.console.print(Rule(Text(title, style="bold"), align="left"))

    def tell(self, words: str, style: str = "") -> None:
        """A line."""
        self.console.print(Text(words, style=style))

    def code(self, who: str, sql: str) -> None:
        """What somebody runs."""
        lines = [line for line in sql.splitlines() if not line.startswith("-- ")]
        pad = " " * (len(who) + 2)
        shown = f"\n{pad}".join(lines).replace("public.", "")
        self.console.print(Text.assemble((f"{who}  ", "cyan"), shown))

    @contextmanager
    def step(self, words: str) -> Iterator[None]:
        """A piece of work: said when it begins, and how long it took when it has ended."""
        started = time.monotonic()
        with self.console.status(words):
            yield
        took = f"{time.monotonic() - started:5.1f} s"
        self.console.print(Text.assemble((f"{took}  ", "green"), words))

    def table(self, drawn: Table) -> None:
        """A table."""
        self.console.print(drawn)


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> Table:
    """Rows as a table: numbers to the right, nothing is read as markup."""
    drawn = Table(title=title, title_justify="left", title_style="", box=None, pad_edge=False)
    for place, head in enumerate(heads):
        number = bool(rows) and isinstance(rows[0][place], int | float)
        drawn.add_column(Text(head, style="bold"), justify="right" if number else "left")
    for row in rows:
        drawn.add_row(*(cell if isinstance(cell, Text) else Text(shown(cell)) for cell in row))
    return drawn


def shown(cell: Any) -> str:
    """A value as people read it."""
    if cell is None:
        return "-"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return f"{cell:,}"
    if isinstance(cell, float):
        return f"{cell:,.1f}"
    return str(cell)


def verdict(good: bool, words: str = "") -> Text:
    """Whether something is as it should be."""
    return Text(words or ("ok" if good else "WRONG"), style="green" if good else "bold red")
