"""`bondreplicate demo`: masters in step on this machine, shown and proved."""

from __future__ import annotations

import click

from bondreplicate.errors import CHECK_FAILED
from bondreplicate.faces.cli_common import EXIT_STATUS
from bondreplicate.faces.demo.screen import Screen
from bondreplicate.faces.demo.show import show


@click.command(
    name="demo",
    epilog=EXIT_STATUS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--sites", type=click.IntRange(2, 9), default=3, show_default=True, help="Number of masters."
)
@click.option(
    "--seconds",
    type=click.IntRange(1, 3600),
    default=15,
    show_default=True,
    help="How long pgbench runs.",
)
@click.option("--keep", is_flag=True, help="Leave it running, and say how to stop it.")
@click.pass_context
def demo(context: click.Context, sites: int, seconds: int, keep: bool) -> None:
    """Show masters in step, here and now.

    Starts PostgreSQL servers of its own, joins them by the procedure of the manual, lets pgbench
    write at all of them at once, makes conflicts on purpose, and proves that every site ends the
    same. Everything is in one temporary directory, which is removed at the end. Exit status 1 where
    anything differs.
    """
    same = show(sites, seconds, keep=keep, screen=Screen())
    context.exit(0 if same else CHECK_FAILED)
