"""`bondreplicate wait`: until every other site has what is committed here."""

from __future__ import annotations

import click

from bondreplicate.errors import CHECK_FAILED
from bondreplicate.faces.cli_common import (
    Amount,
    Program,
    examples,
    json_option,
    note,
    pass_program,
    print_json,
)
from bondreplicate.mesh.wait import wait_for_peers


@click.command(
    short_help="Wait until the others have what is here.",
    epilog=examples("bondreplicate wait --timeout 30"),
)
@click.option(
    "--timeout",
    "timeout_s",
    type=Amount(),
    default=60.0,
    show_default=True,
    help="Seconds to wait at most.",
)
@json_option
@pass_program
@click.pass_context
def wait(context: click.Context, program: Program, timeout_s: float, as_json: bool) -> None:
    """Return when each enabled site has applied everything committed here before the call.

    What is parked at a site, and a site that does not answer, may come right: they are waited for.
    Where nothing is sent (no daemon runs here, replication is down there, a link is held) it says
    so after a second.

    Exit status 1 where one of them has not in time, or is sent nothing, and where a table here is
    not captured; it is named. 4 where this site is a standby, or down. Where no other site is
    enabled there is nothing to wait for: it says so, with status 0.
    """
    arrivals = wait_for_peers(program.settings, timeout_s)
    late = [a for a in arrivals if not a.arrived]
    if as_json:
        print_json(arrivals)
    if not arrivals:
        note("note: no other site is enabled: there is nothing to wait for")
    for arrival in late:
        behind = "" if arrival.state == "parked" else " is behind"
        note(f"error: site {arrival.site} ({arrival.name}){behind}: {arrival.reason}")
        if arrival.hint:
            note(f"hint: {arrival.hint}")
    context.exit(CHECK_FAILED if late else 0)
