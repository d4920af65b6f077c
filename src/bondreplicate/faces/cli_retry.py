"""`bondreplicate retry`: try what waits again, and tell what still does."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bondreplicate.core import words
from bondreplicate.errors import CHECK_FAILED
from bondreplicate.faces.cli_common import (
    Amount,
    Program,
    examples,
    json_option,
    note,
    pass_program,
    print_json,
    print_table,
)
from bondreplicate.mesh.retry import retry_parked


@click.command(
    short_help="Try parked changes again, and tell what is left.",
    epilog=examples("bondreplicate retry", "bondreplicate retry orders"),
)
@click.argument("names", nargs=-1, metavar="[TABLE]...")
@click.option(
    "--timeout",
    "timeout_s",
    type=Amount(),
    default=10.0,
    show_default=True,
    help="Seconds to wait at most until they have been tried.",
)
@json_option
@pass_program
@click.pass_context
def retry(
    context: click.Context, program: Program, names: Sequence[str], timeout_s: float, as_json: bool
) -> None:
    """Wait until the changes that are parked have been tried again; tell which still are, and why.

    Those that wait at this site, and those of this site that wait at others; of each TABLE, or of
    every table. Links try them every second by themselves: this is for whoever has just mended what
    stood in the way.

    Exit status 0 where nothing waits any more; 1 where something does, or a site did not answer.
    """
    found = retry_parked(program.settings, names, timeout_s)
    if as_json:
        print_json(found)
    elif not found.waited and not found.left:
        click.echo("nothing is parked")
    else:
        applied = f"{found.applied} of them no more"
        click.echo(f"{words.counted(found.waited, 'change')} waited, {applied}")
    if found.left and not as_json:
        print_table(
            ["at site", "from", "table", "key", "since s", "tries", "reason"],
            [
                (w.site, w.source, w.table, ", ".join(w.key), f"{w.age_s:.1f}", w.tries, w.reason)
                for w in found.left
            ],
        )
    for link, reason in found.not_tried.items():
        note(f"error: link {link} has tried nothing: {reason}")
    for site, reason in found.not_asked.items():
        note(f"error: site {site} was not asked: {reason}")
    if found.not_tried or found.not_asked:
        note("hint: `bondreplicate status` says what is wrong with the sites and links")
    context.exit(CHECK_FAILED if found.left or found.not_asked else 0)
