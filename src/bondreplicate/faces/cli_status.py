"""`bondreplicate status`: where every link stands."""

from __future__ import annotations

import time
from contextlib import closing

import click
from rich.console import Group
from rich.live import Live
from rich.text import Text

from bondreplicate.border.database import connect
from bondreplicate.errors import CHECK_FAILED, TransientError
from bondreplicate.faces.cli_common import (
    Program,
    console,
    examples,
    json_option,
    pass_program,
    print_json,
    table,
)
from bondreplicate.faces.status import Status, fetch_status, read_status


@click.command(
    short_help="Show this site and its links.",
    epilog=examples("bondreplicate status --watch", "bondreplicate status --json"),
)
@click.option("--watch", is_flag=True, help="Show it anew again and again, until Ctrl+C.")
@click.option("--every-s", default=1.0, show_default=True, help="Pause between two looks.")
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
    if watch and not as_json:
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
    screen = console()
    with Live(Text("..."), console=screen, auto_refresh=False) as live:
        while True:
            try:
                with closing(connect(settings.dsn, role="status")) as here:
                    while True:
                        live.update(draw(read_status(here, settings)), refresh=True)
                        time.sleep(every_s)
            except TransientError as error:
                live.update(Text(f"this site does not answer: {error.message}"), refresh=True)
                time.sleep(every_s)


def draw(now: Status) -> Group:
    """A status as people read it."""
    facts = now.facts
    head = (
        f"site {facts.site or '?'} of {facts.maxsites or '?'}, database {facts.database}, "
        f"PostgreSQL {facts.server_version}, bondreplicate {now.version}, "
        f"structure {facts.structure}"
    )
    log = f"log: {facts.log_entries} entries, {facts.log_bytes / 1e6:.1f} MB"
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
        ["link", "state", "rows waiting", "lag s", "last batch s ago", "rows sent"],
        [
            (link.name, link.state, link.rows_waiting, _seconds(link.lag_s),
             _seconds(link.applied_age_s), link.rows)
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
