"""docs/explanation/matrix.md is what the cases would give now, and names tests that there are."""

import re
from pathlib import Path

import pytest

from tests.matrix import TEMPLATE, conflict_in_words, id_of, page
from tests.scenarios import test_conflicts
from tests.scenarios.cases import Case

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "explanation" / "matrix.md"


def test_page_is_current() -> None:
    remedy = "run: python -m tests.matrix docs/explanation/matrix.md"
    assert PAGE.read_text(encoding="utf-8") == page(), remedy


@pytest.mark.parametrize("case", test_conflicts.CASES, ids=lambda case: case.name)
def test_every_case_is_on_the_page(case: Case) -> None:
    text = page()
    assert case.title
    assert case.title in text
    assert all(id_of(case, later) in text for later in case.played(3))


def test_cases_are_named_as_pytest_names_them() -> None:
    ids = [mark.kwargs["ids"] for mark in test_conflicts.test_case.pytestmark]
    of_pytest = {f"`{case}-{later}`" for case in ids[0] for later in ids[1]}
    assert {id_of(case, n) for case in test_conflicts.CASES for n in (1, 2)} == of_pytest


def test_tests_named_beside_the_cases_are_there() -> None:
    named = re.findall(r"`(tests/\S+?\.py)::(\w+)", TEMPLATE.read_text(encoding="utf-8"))
    assert len(named) > 5
    for path, name in named:
        assert f"def {name}(" in (ROOT / path).read_text(encoding="utf-8"), f"{path}::{name}"


def test_a_conflict_in_words() -> None:
    assert conflict_in_words("fp foreign key 1: gone") == "foreign key: the delete of `fp` 1"
    assert conflict_in_words("su unique 12: 12 x null") == "unique: `su` 12, as `(12, x, null)`"
