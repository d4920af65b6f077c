"""What the commands share: settings, connection, tables and JSON on stdout."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from bondreplicate.border.database import Connection, connect
from bondreplicate.border.settings import Loaded, Settings, load
from bondreplicate.errors import MeshError, SettingsError
from bondreplicate.site.fitness import (
    check_installed,
    check_number,
    check_version,
    check_writable,
    fetch_number,
    fetch_server,
)

F = TypeVar("F", bound=Callable[..., Any])

EXIT_STATUS = """
\b
Exit status:
  0   done
  1   a check found a difference or a problem
  2   command line or configuration is wrong
  3   PostgreSQL refused, or could not be reached
  4   the database is not fit: version, standby, privilege, structure
  5   the sites disagree about who is who
  70  a bug
  74  results could not be written: the disk is full
  130 interrupted (Ctrl+C); `run` ends with 0
"""


@dataclasses.dataclass
class Program:
    """What was said before the name of the command."""

    config: Path | None = None

    def loaded(self) -> Loaded:
        """Settings and where they came from."""
        try:
            here = Path.cwd()
        except FileNotFoundError:
            raise SettingsError("the working directory is gone", hint="cd to another one") from None
        return load(self.config, os.environ, here)

    @property
    def settings(self) -> Settings:
        """Settings, read anew."""
        return self.loaded().settings

    @contextmanager
    def connection(self, *, writes: bool = False) -> Iterator[Connection]:
        """A connection to the database of this site, which has the structure; closed afterwards.

        Args:
            writes: whether the command writes: then a standby is refused, in words and at once, and
                a database that is another site than the configuration says.
        """
        settings = self.settings
        with closing(connect(settings.dsn, role="command")) as connection:
            check_version(connection.info.server_version, "this site")
            if writes:
                check_writable(fetch_server(connection), "this site")
            check_installed(connection, "this site")
            if writes and fetch_number(connection) is not None:
                check_number(connection, settings)
            yield connection


class Group(click.Group):
    """Commands with a name in common; without one of them it shows its help, as a mistake."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the command line."""
        # click's own way differs between its versions, in status and in stream.
        if not args and not ctx.resilient_parsing:
            note(ctx.get_help())
            ctx.exit(SettingsError.exit_code)
        return super().parse_args(ctx, args)


pass_program = click.make_pass_decorator(Program, ensure=True)


class Amount(click.FloatRange):
    """A number of seconds or hours: finite, and within a century or so."""

    def __init__(self, at_least: float = 0, at_most: float = 1e9) -> None:
        super().__init__(min=at_least, max=at_most)

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read it; nan is within every range, so that is refused here."""
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if math.isnan(number):
            self.fail(f"{value!r} is not a number", param, ctx)
        return super().convert(value, param, ctx)

    def _describe_range(self) -> str:
        return f"x>={self.min}"


class Count(click.IntRange):
    """A whole number that PostgreSQL can take as bigint."""

    def __init__(self, at_least: int = 0) -> None:
        super().__init__(min=at_least, max=2**63 - 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Read it."""
        try:
            int(value)
        except ValueError:
            self.fail(f"{value!r} is not a valid integer", param, ctx)
        return super().convert(value, param, ctx)

    def _describe_range(self) -> str:
        return f"x>={self.min}"


def examples(*lines: str) -> str:
    """The end of a command's help."""
    return "\b\nExample:\n" + "\n".join(f"  {line}" for line in lines)


def json_option(command: F) -> F:
    """The option --json."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON.")(command)


def plain(value: Any) -> Any:
    """A value as JSON has it; times in ISO 8601, durations in seconds."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: plain(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    click.echo(json.dumps(plain(value), indent=2, ensure_ascii=False))


def console() -> Console:
    """Where results are drawn: stdout, as wide as it takes where that is no terminal."""
    return Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False, soft_wrap=True
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[Any]], title: str | None = None) -> Table:
    """Rows as a table; None is shown as a dash, and nothing is read as markup."""
    drawn = Table(*heads, title=title, title_justify="left", box=None, pad_edge=False)
    for row in rows:
        drawn.add_row(*(Text("-" if cell is None else str(cell)) for cell in row))
    return drawn


def print_table(heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Rows as a table on stdout."""
    console().print(table(heads, rows))


def warn_number(connection: Connection, settings: Settings) -> int | None:
    """Say where the configuration is not of this database; the number that the database has."""
    own = fetch_number(connection)
    try:
        if own is not None:
            check_number(connection, settings)
    except MeshError as problem:
        note(f"warning: {problem.message}")
        note(f"hint: {problem.hint}")
    return own


def note(message: str) -> None:
    """A remark for people, on stderr, so that results stay clean."""
    click.echo(message, err=True)
