"""`bondreplicate status`: where every link stands."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import click
from click.core import ParameterSource
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from bondreplicate.border.database import connect
from bondreplicate.core.redact import redact
from bondreplicate.errors import CHECK_FAILED, SettingsError, TransientError
from bondreplicate.faces.cli_common import (
    Amount,
    Program,
    console,
    examples,
    json_option,
    pass_program,
    print_json,
    table,
)
from bondreplicate.faces.status import Status, fetch_status, read_status
from bondreplicate.site.fitness import check_installed, check_version, check_writable, fetch_server


@click.command(
    short_help="Show this site and its links.",
    epilog=examples("bondreplicate status --watch", "bondreplicate status --json"),
)
@click.option("--watch", is_flag=True, help="Show it anew again and again, until Ctrl+C.")
@click.option(
    "--every-s",
    type=Amount(at_least=0.1),
    default=1.0,
    show_default=True,
    help="Pause between two looks.",
)
@json_option
@pass_program
@click.pass_context
def status(
    context: click.Context, program: Program, watch: bool, every_s: float, as_json: bool
) -> None:
    """Show this site and its links: lag, rows waiting, conflicts, parked rows, what is wrong.

    A lag of 0 means that nothing waits; "-" means that it is not known, because the peer does not
    answer. Exit status 1 where something keeps changes from arriving.
    """
    settings = program.settings
    if not watch and context.get_parameter_source("every_s") is not ParameterSource.DEFAULT:
        raise SettingsError("--every-s is for --watch", hint="add --watch, or leave it out")
    if watch and as_json:
        raise SettingsError("--watch and --json do not go together", hint="repeat --json alone")
    if watch:
        _watch(program, every_s)
        return
    now = fetch_status(settings)
    if as_json:
        print_json(now)
    else:
        console().print(draw(now))
    context.exit(CHECK_FAILED if now.problems else 0)


def _watch(program: Program, every_s: float) -> None:
    """Draw the status until Ctrl+C, through restarts of the server too."""
    settings = program.settings
    with _screen() as show:
        while True:
            try:
                with closing(connect(settings.dsn, role="status")) as here:
                    check_version(here.info.server_version, "this site")
                    check_writable(fetch_server(here), "this site")
                    check_installed(here, "this site")
                    while True:
                        show(draw(read_status(here, settings)))
                        time.sleep(every_s)
            except TransientError as error:
                show(Text(f"this site does not answer: {redact(error.message)}"))
                time.sleep(every_s)


@contextmanager
def _screen() -> Iterator[Callable[[RenderableType], None]]:
    """What draws one look after another: in place on a terminal, else one below the other."""
    if not sys.stdout.isatty():
        yield console().print
        return
    # Lines are wrapped here: Live would cut them off.
    screen = Console(file=sys.stdout, highlight=False)
    with Live(Text("..."), console=screen, auto_refresh=False) as live:
        yield lambda drawn: live.update(drawn, refresh=True)


def draw(now: Status) -> Group:
    """A status as people read it."""
    facts = now.facts
    known = f"site {facts.site} of {facts.maxsites}" if facts.site else "no site yet"
    head = (
        f"{known}, database {facts.database}, "
        f"PostgreSQL {facts.server_version}, bondreplicate {now.version}, "
        f"structure {facts.structure}"
    )
    entries = "1 entry" if facts.log_entries == 1 else f"{facts.log_entries} entries"
    log = f"log: {entries}, {facts.log_bytes / 1e6:.1f} MB"
    tables = f"tables: {now.tables_replicated} replicated, {len(now.tables_not_replicated)} not"
    conflicts = ", ".join(f"{c['conflicts']} {c['kind']}" for c in now.conflicts_24h) or "none"
    parts = [Text(f"{head}\n{log}; {tables}; conflicts in 24 h: {conflicts}\n"), _links(now)]
    if now.parked:
        parts += [Text("\nparked:"), _parked(now)]
    parts += [Text(f"problem: {p}", style="red") for p in now.problems]
    parts += [Text(f"warning: {w}", style="yellow") for w in now.warnings]
    return Group(*parts)


def _links(now: Status):
    return table(
        ["link", "state", "rows waiting", "lag s", "last batch s ago", "rows sent", "parked"],
        [
            (link.name, link.state, link.rows_waiting, _seconds(link.lag_s),
             _seconds(link.applied_age_s), link.rows, link.parked)
            for link in now.links
        ],
    )  # fmt: skip


def _parked(now: Status):
    return table(
        ["from", "table", "key", "since s", "tries", "reason"],
        [
            (p["source"], p["table"], ", ".join(map(str, p["key"])), _seconds(p["age_s"]),
             p["tries"], p["reason"])
            for p in now.parked
        ],
    )  # fmt: skip


def _seconds(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}"
