"""Reads the source and holds the house limits: no review has to.

What ruff, basedpyright and import-linter hold already is not said again here.
"""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "bondreplicate"
SQL = PACKAGE / "sql"

FILE_LINES_MAX = 400
FUNCTION_LINES_MAX = 60
LINE_LENGTH_MAX = 100
SQL_BODY_LINES_MAX = 80

MAY_IMPORT_PSYCOPG = {"border/database.py"}
# Capture writes the log for users who may not; these are trigger functions and take no argument.
SECURITY_DEFINER = {
    "templates/capture.sql",
    "templates/capture_columns.sql",
    "templates/capture_counters.sql",
}
# SET keeps a function from being inlined; these are one expression each, for the hot path,
# called only where search_path is pinned already.
INLINED = {"functions/position_in.sql", "functions/replicate_now.sql"}
VAGUE_NAMES = {"common", "helper", "helpers", "manager", "managers", "misc", "util", "utils"}

STATEMENT = re.compile(
    r"""\s*(?:
        select\s | insert\s+into\s | delete\s+from\s | update\s+\S+\s+set\s | merge\s+into\s
        | with\s+\w+\s+as\s | truncate\s | lock\s+table\s | copy\s+(?:\(|\S+\s+(?:from|to|\())
        | (?:create|alter|drop|grant|revoke|comment\s+on)\s+(?:or\s+replace\s+|temp(?:orary)?\s+)?
          (?:all|database|event|function|index|role|schema|select|sequence|server|table|trigger
            |type|unique|usage|view)\s
        | set\s+(?:local|session)\s
    )""",
    re.VERBOSE | re.IGNORECASE,
)
# Put together here, so that this file does not hold what it looks for.
REGISTRIES = re.compile(
    "|".join(rf"{name}\.{end}" for name, end in [
        ("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "(com|org)"), (r"deb\.debian", "org"),
    ]),
)  # fmt: skip

Finder = Callable[[Path], Iterator[str]]


def python_files() -> list[Path]:
    return sorted([*PACKAGE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])


def sql_files(*folders: str) -> list[Path]:
    found = [path for folder in folders for path in (SQL / folder).glob("*.sql")]
    return sorted(found if folders else SQL.rglob("*.sql"))


def assert_none(find: Finder, files: list[Path]) -> None:
    """No finding in any file, or all of them at once, by file."""
    assert files
    found = [f"{path.relative_to(ROOT)}: {what}" for path in files for what in find(path)]
    assert not found, "\n" + "\n".join(found)


def test_files_are_short() -> None:
    def find(path: Path) -> Iterator[str]:
        lines = len(path.read_text().splitlines())
        if lines > FILE_LINES_MAX:
            yield f"{lines} lines (limit {FILE_LINES_MAX}): split it by responsibility"

    assert_none(find, python_files() + sql_files())


def test_lines_are_short() -> None:
    def find(path: Path) -> Iterator[str]:
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if len(line) > LINE_LENGTH_MAX:
                yield f"line {number} has {len(line)} characters (limit {LINE_LENGTH_MAX})"

    assert_none(find, python_files() + sql_files())


def test_functions_are_short() -> None:
    def find(path: Path) -> Iterator[str]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > FUNCTION_LINES_MAX:
                    yield f"{node.name}() has {lines} lines (limit {FUNCTION_LINES_MAX})"

    assert_none(find, python_files())


def test_sql_bodies_are_short() -> None:
    def find(path: Path) -> Iterator[str]:
        for tag, body in re.findall(r"(\$\w*\$)(.*?)\1", path.read_text(), re.DOTALL):
            lines = len(body.strip().splitlines())
            if lines > SQL_BODY_LINES_MAX:
                yield f"body {tag} has {lines} lines (limit {SQL_BODY_LINES_MAX})"

    assert_none(find, sql_files())


def test_module_names_say_what_is_inside() -> None:
    def find(path: Path) -> Iterator[str]:
        vague = VAGUE_NAMES & {path.stem, path.parent.name}
        if vague:
            yield f"{vague.pop()} says nothing"

    assert_none(find, python_files())


def test_one_module_imports_psycopg() -> None:
    def find(path: Path) -> Iterator[str]:
        if path.relative_to(PACKAGE).as_posix() in MAY_IMPORT_PSYCOPG:
            return
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            if any(name.partition(".")[0] == "psycopg" for name in names):
                yield "imports psycopg: border/database.py is the one that may"

    assert_none(find, sorted(PACKAGE.rglob("*.py")))


def test_no_sql_in_python() -> None:
    def find(path: Path) -> Iterator[str]:
        tree = ast.parse(path.read_text())
        prose = {id(text) for text in _docstrings(tree)}
        for node in ast.walk(tree):
            text = node.value if isinstance(node, ast.Constant) else None
            if isinstance(text, str) and id(node) not in prose and STATEMENT.match(text):
                yield f"line {node.lineno}: SQL belongs into sql/: {text[:60]!r}"

    assert_none(find, sorted(PACKAGE.rglob("*.py")))


def _docstrings(tree: ast.AST) -> Iterator[ast.expr]:
    """Texts that stand alone as statements: docstrings, and what is said below a constant."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


@pytest.mark.parametrize(
    ("text", "is_sql"),
    [
        ("select 1", True),
        ("\n  INSERT INTO t values (1)", True),
        ("copy (select 1) to stdout", True),
        ("create temp table t (i int)", True),
        ("with x as (select 1) select", True),
        ("update t set i = 1", True),
        ("update the other sites", False),
        ("create it first", False),
        ("copy it with pg_dump", False),
        ("with what it needs", False),
        ("selected", False),
        ("grant it: `grant set on parameter x to y`", False),
    ],
)
def test_sql_is_told_from_prose(text: str, is_sql: bool) -> None:
    assert bool(STATEMENT.match(text)) == is_sql


def test_each_function_file_holds_one_function_with_its_purpose() -> None:
    def find(path: Path) -> Iterator[str]:
        text = path.read_text()
        made = re.findall(r"^create or replace (?:function|procedure) (\S+?)\(", text, re.M)
        if len(made) != 1:
            yield f"creates {len(made)} functions with CREATE OR REPLACE, not one"
        elif made[0].partition(".")[2] != path.stem:
            yield f"creates {made[0]}: file and function are called alike"
        if not text.startswith("-- "):
            yield "does not begin with a comment that says its purpose"
        if "\ncomment on " not in text:
            yield "has no COMMENT ON"

    assert_none(find, sql_files("functions"))


def test_functions_pin_search_path() -> None:
    def find(path: Path) -> Iterator[str]:
        # What lives in pg_temp is called by our own sessions only, which pin it themselves.
        lasting = re.findall(r"\bcreate or replace function (?!pg_temp\.)", path.read_text())
        pinned = re.findall(
            r"^\s*set search_path (?:=|to) (?:''|pg_catalog)", path.read_text(), re.M
        )
        if len(pinned) < len(lasting) and path.relative_to(SQL).as_posix() not in INLINED:
            yield "a function does not pin search_path"

    assert_none(find, sql_files("functions", "structure", "templates"))


def test_security_definer_is_listed() -> None:
    def find(path: Path) -> Iterator[str]:
        listed = path.relative_to(SQL).as_posix() in SECURITY_DEFINER
        if not listed and re.search(r"^\s*security\s+definer", path.read_text(), re.M | re.I):
            yield "SECURITY DEFINER, and not in the list"

    assert_none(find, sql_files())


RAISED_AGAIN = re.compile(
    r"when others or assert_failure or query_canceled then\s+"
    r"if not bondreplicate\.is_refusal\(sqlstate\) then\s+raise;"
)


def test_no_careless_sql() -> None:
    def find(path: Path) -> Iterator[str]:
        text = re.sub(r"--[^\n]*", "", path.read_text())
        if not text.strip():
            yield "empty: the server would say yes, and do nothing"
        if re.search(r"\bselect\s+\*", text, re.I):
            yield "select *"
        if len(re.findall(r"\bwhen\s+others\b", text, re.I)) > len(RAISED_AGAIN.findall(text)):
            yield "when others swallows"

    assert_none(find, sql_files())


def test_every_table_and_column_has_a_comment() -> None:
    text = "\n".join(path.read_text() for path in sql_files("structure"))
    said = set(re.findall(r"comment on (?:table|column) ([\w.]+)\s+is\s+'", text))
    wanted = set(_tables_and_columns(text))
    assert len(wanted) > 20
    assert wanted <= said, f"without a comment: {sorted(wanted - said)}"


def _tables_and_columns(text: str) -> Iterator[str]:
    """Qualified names of what CREATE TABLE makes."""
    text = re.sub(r"--[^\n]*", "", text)
    no_column = {"check", "constraint", "exclude", "foreign", "like", "primary", "unique"}
    for made in re.finditer(r"create table (?:if not exists )?([\w.]+) (\(|partition of)", text):
        yield made[1]
        if made[2] == "(":
            for part in _top_level_parts(text[made.end() :]):
                if part.split()[0] not in no_column:
                    yield f"{made[1]}.{part.split()[0]}"


def _top_level_parts(text: str) -> Iterator[str]:
    """What commas part, up to the closing parenthesis."""
    depth, part = 0, ""
    for char in text:
        depth += {"(": 1, ")": -1}.get(char, 0)
        if depth < 0:
            break
        if char == "," and depth == 0:
            yield part
            part = ""
        else:
            part += char
    yield part


def test_no_registry_is_named() -> None:
    def find(path: Path) -> Iterator[str]:
        named = REGISTRIES.search(path.read_text(errors="replace"))
        if named:
            yield f"names {named[0]}"

    kinds = ("*.py", "*.sql", "*.md", "*.toml", "*.txt", "*.conf")
    folders = [PACKAGE, ROOT / "tests", ROOT / "docs"]
    files = [path for folder in folders for kind in kinds for path in folder.rglob(kind)]
    files += [path for path in ROOT.iterdir() if path.is_file()] + [ROOT / ".ci" / "run"]
    assert_none(find, files)


def test_tests_wait_for_conditions() -> None:
    def find(path: Path) -> Iterator[str]:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute) and ast.unparse(node) == "time.sleep":
                yield f"line {node.lineno}: time.sleep: await a condition, see kit.eventually"

    assert_none(find, sorted((ROOT / "tests").rglob("*.py")))
