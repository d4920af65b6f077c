"""docs/explanation/matrix.md, made from the cases that `test_conflicts.py` plays and judges.

`python -m tests.matrix docs/explanation/matrix.md` writes the page. What is said around the cases
is in `matrix_page.md`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.scenarios.cases import Case, Kind, Outcome
from tests.scenarios.test_conflicts import CASES

TEMPLATE = Path(__file__).with_name("matrix_page.md")
PLACE = "<!-- cases -->\n"
SITES = "ABC"
HEAD = """\
| what is written | wrote last | all sites in the end | what lost, by kind | test |
|---|---|---|---|---|
"""
ALONE_HEAD = """\
| what is written | what lost, by kind | test |
|---|---|---|
"""
_LOST = re.compile(r"(\w+) (concurrent|unique|foreign key) ([^:]+): (.*)")


def page() -> str:
    """The page as it is to be."""
    before, after = TEMPLATE.read_text(encoding="utf-8").split(PLACE)
    return before + "\n\n".join(section(kind) for kind in Kind) + "\n" + after


def section(kind: Kind) -> str:
    """Heading and table of all cases of one kind."""
    cases = [case for case in CASES if case.kind is kind]
    head, rows = (ALONE_HEAD, alone_rows) if kind is Kind.ALONE else (HEAD, case_rows)
    return f"### {kind.value}\n\n{head}" + "\n".join(row for case in cases for row in rows(case))


def alone_rows(case: Case) -> Iterator[str]:
    """One line: every site has the rows of the site that wrote them, so they are not shown."""
    (outcome,) = case.outcomes(1)
    yield row(case.title, lost_in_words(outcome.lost), id_of(case, 1))


def case_rows(case: Case) -> Iterator[str]:
    """A line for each outcome that `judge` allows, by who writes last."""
    what = written(case)
    alike = case.b_later is None
    for later in (1,) if alike else (1, 2):
        tests = "<br>".join(id_of(case, n) for n in ((1, 2) if alike else (later,)))
        who = "A or B" if alike else SITES[later - 1]
        outcomes = case.outcomes(later)
        for number, outcome in enumerate(outcomes):
            mark = "" if len(outcomes) == 1 else ", either:" if number == 0 else ", or:"
            yield row(what, who + mark, left_in_words(outcome), lost_in_words(outcome.lost), tests)
            what = ""


def row(*cells: str) -> str:
    """A line of a table."""
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def id_of(case: Case, later: int) -> str:
    """What tells the test of a case from the others."""
    return f"`{case.name}-{'ab'[later - 1]}_later`"


def written(case: Case) -> str:
    """Title and statements of a case."""
    said = [f"**{case.title}**", f"before: {sql([case.setup])}"]
    for site, statements in zip(SITES, (case.a, case.b, case.c), strict=True):
        if statements:
            said.append(f"{site}: {sql(statements)}")
    return "<br>".join(said)


def sql(statements: Sequence[str]) -> str:
    """Statements in one line."""
    line = " ".join("; ".join(statements).split())
    return f"`{re.sub(r';(?=[^ ])', '; ', line)}`"


def left_in_words(outcome: Outcome) -> str:
    """Rows of each table."""
    return "<br>".join(
        f"`{table}`: {' '.join(map(tuple_in_words, rows)) or 'no row'}"
        for table, rows in outcome.rows.items()
    )


def tuple_in_words(found: Sequence[Any]) -> str:
    """A row as SQL has it."""
    return f"`({', '.join(map(value, found))})`"


def value(found: Any) -> str:
    """A value as SQL has it."""
    if found is None:
        return "null"
    return repr(found).lower() if isinstance(found, bool) else repr(found)


def lost_in_words(lost: Collection[str]) -> str:
    """Conflicts, as `replicate_error` tells them."""
    return "<br>".join(map(conflict_in_words, lost)) or "nothing"


def conflict_in_words(told: str) -> str:
    """A conflict of which `Outcome.lost` has the short form."""
    found = _LOST.fullmatch(told)
    assert found, f"{told!r} is not of the form of Outcome.lost"
    table, kind, key, values = found.groups()
    if values == "gone":
        return f"{kind}: the delete of `{table}` {key}"
    return f"{kind}: `{table}` {key}, as `({', '.join(values.split())})`"


def main() -> None:
    """Write the page to the file that is the argument."""
    Path(sys.argv[1]).write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
