"""`bondreplicate doctor`: is everything as it should be, and if not, what to do."""

from __future__ import annotations

from contextlib import closing

import click

from bondreplicate.border.database import connect
from bondreplicate.border.settings import Settings
from bondreplicate.core.findings import OK, PROBLEM, Finding
from bondreplicate.core.redact import redact
from bondreplicate.errors import CHECK_FAILED
from bondreplicate.faces.cli_common import Program, examples, json_option, pass_program, print_json
from bondreplicate.mesh.checkup import check_peers
from bondreplicate.site.checkup import check_site


def examine(settings: Settings) -> list[Finding]:
    """Check this site, then the others as far as they can be reached."""
    with closing(connect(settings.dsn, role="doctor")) as here:
        found = check_site(here, settings)
        if found[0].level == OK:
            found += check_peers(here, settings)
        return found


@click.command(
    short_help="Check this site and its peers; what to do.",
    epilog=examples("bondreplicate doctor"),
)
@json_option
@pass_program
@click.pass_context
def doctor(context: click.Context, program: Program, as_json: bool) -> None:
    """Check this site and its peers, and say what to do about each problem.

    Looks at versions, privileges, structure, replicate_hosts, capture triggers, tables without a
    key, changes that wait, triggers of yours that fire on apply, sequences near their end, long
    transactions, settings that hurt and clocks. Exit status 1 where there is a problem; a warning
    alone does not count.
    """
    found = examine(program.settings)
    if as_json:
        print_json(found)
    else:
        for finding in found:
            mark = finding.level if finding.level == OK else finding.level.upper()
            click.echo(f"{mark:8} {finding.check}: {finding.where}: {redact(finding.message)}")
            if finding.hint:
                click.echo(f"         -> {redact(finding.hint)}")
    context.exit(CHECK_FAILED if any(f.level == PROBLEM for f in found) else 0)
