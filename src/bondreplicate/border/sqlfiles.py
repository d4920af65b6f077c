"""The SQL of the project, by name: `sql/queries/NAME.sql` and so on."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import LiteralString, cast

ROOT = files("bondreplicate") / "sql"


@dataclass(frozen=True)
class Structure:
    """One once-only step of the structure."""

    number: int
    name: str
    text: str

    @property
    def checksum(self) -> str:
        """Of the text, as the ledger keeps it."""
        return hashlib.sha256(self.text.encode()).hexdigest()[:16]


@cache
def text(folder: str, name: str) -> LiteralString:
    """The SQL in `sql/<folder>/<name>.sql`, a constant of the program (hence LiteralString)."""
    return cast("LiteralString", (ROOT / folder / f"{name}.sql").read_text(encoding="utf-8"))


def query(name: str) -> LiteralString:
    """A named query."""
    return text("queries", name)


def template(name: str) -> LiteralString:
    """SQL with {placeholders} for identifiers and lists of them; see `border.database.render`."""
    return text("templates", name)


def structure() -> list[Structure]:
    """The steps of the structure, in order."""
    names = sorted(p.name.removesuffix(".sql") for p in (ROOT / "structure").iterdir())
    return [Structure(int(n[:3]), n, text("structure", n)) for n in names if n[:3].isdigit()]


def functions() -> list[str]:
    """The texts of the functions, which are created again at each start."""
    names = sorted(p.name.removesuffix(".sql") for p in (ROOT / "functions").iterdir())
    return [text("functions", n) for n in names]
