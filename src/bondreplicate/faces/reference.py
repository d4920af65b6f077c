"""docs/reference, made from the program itself.

`python -m bondreplicate.faces.reference docs/reference` writes the pages.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import click

from bondreplicate import errors
from bondreplicate.border.settings import FILE_NAME, PREFIX, Settings, as_toml, sample
from bondreplicate.border.sqlfiles import structure
from bondreplicate.border.sqlfiles import text as sqlfile
from bondreplicate.faces.cli import cli
from bondreplicate.faces.cli_common import EXIT_STATUS
from bondreplicate.faces.demo import demo

MADE = "<!-- Made by `python -m bondreplicate.faces.reference docs/reference`. Do not edit. -->\n"

CLI_HEAD = """\
Results go to standard output, everything else to standard error. Commands with `--json` print one
JSON document: the names in it are a contract, new ones may be added. What went wrong is told in one
line, `error: …`, and what to do in another, `hint: …`. With `--json` a command that fails with
status 2 to 5, or 70, prints `{"error": …, "hint": …, "exit_status": …}` on standard output too."""

CLI_WORDS = """\
## Words

What `status` says of a link (origin->target); `wait`, `verify` and `retry` use the same words.

| word | what it means |
|---|---|
| in step | the target has everything that is committed at the origin: applied, or parked |
| behind | entries of the origin's log wait for the target; `lag_s` is the age of the oldest |
| no daemon | `bondreplicate` does not run at the origin: changes are kept there, and not sent |
| down | `replicate_down()` was called at one of the two: nothing is captured or applied there |
| held | both answer, and nothing is sent until people do something: the reason is told |
| unreachable | the other site does not answer: numbers are not known and shown as `-` |
| unfit | it answers, and cannot take part: version, standby, privilege, structure, another site |
| disabled | `enabled` is false in `replicate_hosts` |
| parked | a change that has arrived and cannot be applied yet; it is tried again every second |"""

CONFIGURATION_HEAD = f"""\
TOML. Read from `--config FILE`, else `{PREFIX}CONFIG`, else `{FILE_NAME}` in the working directory.
A variable `{PREFIX}<SETTING>` goes before the file. `bondreplicate config show` tells each value
and where it came from; a variable that resembles no setting is left alone. All mistakes are told at
once. A file with a password must be readable by its owner only (mode 0600)."""

TABLES_HEAD = """\
All in the schema `bondreplicate`. `replicate_hosts` and `replicate_tables` are there to be edited,
alike at every site; the others are there to be read."""


def pages() -> dict[str, str]:
    """Every page of the reference by the name of its file."""
    made = {
        "cli.md": cli_page(),
        "configuration.md": configuration_page(),
        "tables.md": tables_page(),
        "errors.md": errors_page(),
    }
    return {name: MADE + "\n" + text.rstrip() + "\n" for name, text in made.items()}


def commands(command: click.Command, path: str) -> Iterator[tuple[str, click.Command]]:
    """A command and all below it, with what is typed to call it."""
    yield path, demo if command.name == "demo" else command
    if isinstance(command, click.Group):
        for name in sorted(command.commands):
            yield from commands(command.commands[name], f"{path} {name}")


def help_of(command: click.Command, path: str) -> str:
    """What --help prints, at a width that does not depend on the terminal."""
    context = click.Context(
        command,
        info_name=path,
        terminal_width=88,
        max_content_width=88,
        help_option_names=["-h", "--help"],
    )
    return "\n".join(line.rstrip() for line in command.get_help(context).splitlines())


def cli_page() -> str:
    """docs/reference/cli.md."""
    parts = [
        "# Commands",
        CLI_HEAD,
        CLI_WORDS,
    ]
    for path, command in commands(cli, "bondreplicate"):
        depth = "##" if path.count(" ") < 2 else "###"
        parts.append(f"{depth} `{path}`\n\n```text\n{help_of(command, path)}\n```")
    return "\n\n".join(parts)


def configuration_page() -> str:
    """docs/reference/configuration.md."""
    parts = [
        f"# {FILE_NAME}",
        CONFIGURATION_HEAD,
        *(f"## `{name}`\n\n{_setting(name)}" for name in Settings.model_fields),
        f"## A sample\n\n`bondreplicate config sample` prints it:\n\n```toml\n{sample()}```",
    ]
    return "\n\n".join(parts)


def _setting(name: str) -> str:
    """What there is to say about a setting."""
    field = Settings.model_fields[name]
    facts = [field.description or ""]
    if field.is_required():
        facts.append("Required.")
    elif field.default is not None:
        facts.append(f"Default: `{as_toml(field.default)}`.")
    words = {"ge": "at least", "gt": "more than", "le": "at most"}
    limits = [
        f"{words[limit]} {getattr(item, limit):g}"
        for item in field.metadata
        for limit in words
        if hasattr(item, limit)
    ]
    if limits:
        facts.append(f"Allowed: {', '.join(limits)}.")
    elif choices := [c for c in get_args(field.annotation) if isinstance(c, str | int)]:
        facts.append("Allowed: " + ", ".join(f"`{as_toml(c)}`" for c in choices) + ".")
    return f"{' '.join(facts)}\n\nVariable: `{PREFIX}{name.upper()}`"


_OBJECT = re.compile(
    r"^comment on (?P<kind>table|column) bondreplicate\.(?P<name>[\w.]+) is"
    r"\s+(?P<text>'(?:[^']|'')*'(?:\s*\n\s*'(?:[^']|'')*')*);",
    re.M,
)
_PARTS = re.compile(r"'\s*\n\s*'")
_TYPE = r"^    {column} (?P<type>[a-z0-9_]+(?: \[\])?)"
_ADDED = r"add column {column} (?P<type>[a-z0-9_]+(?: \[\])?)"


def tables_page() -> str:
    """docs/reference/tables.md: each table as all steps of the structure leave it."""
    text = "\n".join([sqlfile("createdb", "ledger"), *(step.text for step in structure())])
    heads: dict[str, str] = {}
    columns: dict[str, dict[str, str]] = {}
    for found in _OBJECT.finditer(text):
        table, _, column = found["name"].partition(".")
        words = _PARTS.sub("", found["text"])[1:-1].replace("''", "'").replace("|", "\\|")
        if found["kind"] == "table":
            heads[table] = f"## `{table}`\n\n{_sentence(words)}"
        else:
            row = f"| `{column}` | {_type(text, table, column)} | {words} |"
            columns.setdefault(table, {})[column] = row
    parts = ["# Tables", TABLES_HEAD]
    for table, head in heads.items():
        rows = "\n".join(columns.get(table, {}).values())
        parts.append(
            f"{head}\n\n| column | type | what it is |\n|---|---|---|\n{rows}" if rows else head
        )
    return "\n\n".join(parts)


def _type(text: str, table: str, column: str) -> str:
    """Type of a column, as the statement says that made it."""
    made = text.find(f" bondreplicate.{table} (")
    altered = text.find(f"table bondreplicate.{table}\nadd")
    found = re.compile(_TYPE.format(column=re.escape(column)), re.M).search(
        text, made, text.find(";", made)
    ) or re.compile(_ADDED.format(column=re.escape(column))).search(text, altered)
    return found["type"] if found else ""


def _sentence(words: str) -> str:
    return words[:1].upper() + words[1:] + "."


def errors_page() -> str:
    """docs/reference/errors.md."""
    kinds = [errors.BondError, *_below(errors.BondError)]
    lines = "\n".join(
        f"| `{kind.__name__}` | {kind.exit_code} | {(kind.__doc__ or '').splitlines()[0]} |"
        for kind in kinds
    )
    status = EXIT_STATUS.replace("\b", "").strip()
    transient = ", ".join(f"`{c}…`" for c in errors.TRANSIENT_CLASSES)
    states = ", ".join(f"`{s}`" for s in sorted(errors.TRANSIENT_STATES))
    return "\n\n".join(
        [
            "# Errors and exit status",
            f"```text\n{status}\n```",
            "Each error is a class, an exit status, one line and a hint.",
            f"| class | exit status | what it says |\n|---|---|---|\n{lines}",
            "## What is tried again",
            f"Lost connections, SQLSTATE {transient} and {states}; only the log tells.",
        ]
    )


def _below(kind: type[errors.BondError]) -> Iterator[type[errors.BondError]]:
    for child in kind.__subclasses__():
        yield child
        yield from _below(child)


def main() -> None:
    """Write the pages into the folder that is the argument."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "docs/reference")
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages().items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
