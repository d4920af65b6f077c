"""Scripts as files: what was saved can be played again, also from before tables had all of this."""

import random
from pathlib import Path

import pytest

from tests.random.script import Script
from tests.random.tables import Schema, random_schema, random_transaction

OLD = sorted((Path(__file__).parent / "found").glob("*.json"))


@pytest.mark.parametrize("file", OLD, ids=lambda f: f.stem)
def test_a_script_from_before_is_merged_by_row(file: Path) -> None:
    script = Script.from_json(file.read_text())
    assert {(t.merge, t.counts) for t in script.schema.tables} == {("row", False)}
    assert script.schema.tables[0].settings("h1") == {
        "table": script.schema.tables[0].name, "resolve": "row", "policy": "latest",
        "priority": [], "hook": None, "counters": [],
    }  # fmt: skip


def test_what_is_drawn_is_saved() -> None:
    drawn = [random_schema(random.Random(n), 3) for n in range(100)]
    for schema in drawn:
        assert Script.from_json(Script(3, False, schema, []).to_json()).schema == schema
    tables = [t for s in drawn for t in s.tables]
    assert {t.merge for t in tables} == {"row", "column", "site_priority", "hook", "hook_keeps"}
    assert 0.5 < sum(t.merge == "row" for t in tables) / len(tables) < 0.7
    assert all(t.merge == "row" for t in tables if t.counts)
    assert any(len(t.priority) == 3 for t in tables)
    tails = [k.tail for t in tables for k in t.foreign_keys]
    assert any("on delete set null (r0x)" in tail for tail in tails)
    assert any("on delete set default (r0y" in tail for tail in tails)
    assert any("match full" in tail and "set null (" in tail for tail in tails)


def test_a_counter_is_added_to_and_never_null() -> None:
    rng = random.Random(2)
    schema = Schema([next(t for t in random_schema(rng, 2).tables if t.counts)])
    written = [s for n in range(200) for s in random_transaction(rng, schema, f"m{n}")]
    assert any(".n + 1" in s for s in written)
    assert any(".n - 2" in s for s in written)
    inserted = [s.replace(")", "(").split("(") for s in written if s.startswith("insert")]
    given = [dict(zip(s[1].split(", "), s[3].split(", "), strict=True)) for s in inserted]
    assert given
    assert "null" not in {values["n"] for values in given}
