"""`bondreplicate config`: what is set, and a file to begin with."""

from __future__ import annotations

import click

from bondreplicate.border.settings import sample
from bondreplicate.core.redact import redact
from bondreplicate.faces.cli_common import (
    Group,
    Program,
    examples,
    json_option,
    pass_program,
    print_json,
    print_table,
)


@click.group(
    "config",
    cls=Group,
    short_help="Show the configuration, or a sample of it.",
    epilog=examples("bondreplicate config show"),
)
def config_group() -> None:
    """Show the configuration, or a sample of it."""


@config_group.command(
    "show",
    short_help="Show every setting, its value, and where that came from.",
    epilog=examples("bondreplicate config show --json"),
)
@json_option
@pass_program
def show(program: Program, as_json: bool) -> None:
    """Show every setting, its value, and where that came from; passwords are masked."""
    loaded = program.loaded()
    values = {
        name: redact(value) if isinstance(value, str) else value
        for name, value in loaded.settings.model_dump().items()
    }
    if as_json:
        print_json({n: {"value": v, "from": loaded.sources[n]} for n, v in values.items()})
        return
    print_table(
        ["setting", "value", "from"], [(n, v, loaded.sources[n]) for n, v in values.items()]
    )


@config_group.command("sample", epilog=examples("bondreplicate config sample > bondreplicate.conf"))
def print_sample() -> None:
    """Print a bondreplicate.conf that explains every setting."""
    click.echo(sample(), nl=False)
