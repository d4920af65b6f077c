"""The layers of the package are what pyproject.toml says, and nothing stands outside them."""

import tomllib
from pathlib import Path

import pytest
from importlinter import cli

ROOT = Path(__file__).parents[2]


def test_imports_go_downwards_only(capsys: pytest.CaptureFixture[str]) -> None:
    status = cli.lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


def test_only_the_border_has_a_door_to_the_database() -> None:
    with (ROOT / "pyproject.toml").open("rb") as file:
        contracts = tomllib.load(file)["tool"]["importlinter"]["contracts"]
    [kept_out] = [
        c["source_modules"] for c in contracts if c.get("forbidden_modules") == ["psycopg"]
    ]
    package = ROOT / "src" / "bondreplicate"
    modules = {f"bondreplicate.border.{path.stem}" for path in (package / "border").glob("*.py")}
    modules |= {f"bondreplicate.{path.parent.name}" for path in package.glob("*/__init__.py")}
    modules -= {"bondreplicate.border.__init__", "bondreplicate.border"}
    assert modules - set(kept_out) == {"bondreplicate.border.database"}
