"""A history as a file: its tables, its steps, what came of them. It can be played again.

python -m tests.random.replay FILE          plays it
python -m tests.random.replay --less FILE   leaves out what does not matter
"""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.random.tables import ForeignKey, Schema, Table


@dataclass
class Script:
    """What is needed to play a history.

    Attributes:
        used: What it was good for: "predicted", "repaired", "conflict".
        told: What came of each step when it was last played.
    """

    sites: int
    clocks: bool
    schema: Schema
    steps: list[list[Any]]
    used: set[str] = field(default_factory=set)
    told: list[str] = field(default_factory=list)

    def to_json(self) -> str:
        """As text."""
        kept = {"sites": self.sites, "clocks": self.clocks, "steps": self.steps}
        return json.dumps(kept | {"tables": asdict(self.schema)["tables"]}, indent=1)

    @classmethod
    def from_json(cls, text: str) -> Script:
        """From text."""
        found = json.loads(text)
        tables = [
            Table(**{**t, "foreign_keys": [ForeignKey(**k) for k in t["foreign_keys"]]})
            for t in found["tables"]
        ]
        return cls(found["sites"], found["clocks"], Schema(tables), found["steps"])

    def readable(self) -> str:
        """For people."""
        told = self.told or [f"{n:3}  {step}" for n, step in enumerate(self.steps)]
        return f"-- {self.sites} sites\n{self.schema.ddl()}\n" + "\n".join(told)

    def save(self, name: str, error: BaseException | None = None) -> str:
        """Keep it as a file (in BOND_HISTORIES_DIR), and say what happened."""
        folder = Path(os.environ.get("BOND_HISTORIES_DIR", tempfile.gettempdir()))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"history-{name}.json"
        path.write_text(self.to_json())
        what = f"{type(error).__name__}: {error}" if error else ""
        again = f"python -m tests.random.replay {path}"
        text = f"{again}\n{self.readable()}\n\n{what}\n"
        path.with_suffix(".txt").write_text(text)
        return text
