"""docs/reference is what the program would write now, and nothing of the program is missing."""

from pathlib import Path

import click
import pytest

from bondreplicate.border.settings import Settings
from bondreplicate.faces.cli import cli
from bondreplicate.faces.reference import commands, pages

FOLDER = Path(__file__).parents[2] / "docs" / "reference"


@pytest.mark.parametrize("name", sorted(pages()))
def test_page_is_current(name: str):
    remedy = "run: python -m bondreplicate.faces.reference docs/reference"
    assert (FOLDER / name).read_text(encoding="utf-8") == pages()[name], remedy


def test_every_command_and_setting_has_its_heading():
    for path, _ in commands(cli, "bondreplicate"):
        assert f"# `{path}`\n" in pages()["cli.md"]
    for name in Settings.model_fields:
        assert f"## `{name}`\n" in pages()["configuration.md"]


def test_every_command_and_option_is_explained():
    for path, command in commands(cli, "bondreplicate"):
        assert command.help, path
        if path not in ("bondreplicate", "bondreplicate demo"):
            assert "Example:" in (command.epilog or ""), path
        for option in command.params:
            assert not isinstance(option, click.Option) or option.help, (path, option.name)


def test_every_table_column_has_its_type():
    rows = [line for line in pages()["tables.md"].splitlines() if line.startswith("| `")]
    assert len(rows) > 50
    assert not [row for row in rows if row.split("|")[2].strip() == ""]
