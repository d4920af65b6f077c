"""`bondreplicate hosts`: the sites of the mesh."""

from __future__ import annotations

import click

from bondreplicate.core.redact import redact
from bondreplicate.faces.cli_common import (
    Group,
    Program,
    examples,
    json_option,
    note,
    pass_program,
    print_json,
    print_table,
    warn_number,
)
from bondreplicate.site import hosts

EVERYWHERE = "note: replicate_hosts is not replicated: do the same at every other site"


@click.group(
    "hosts",
    cls=Group,
    short_help="List and edit the sites of the mesh.",
    epilog=examples("bondreplicate hosts list"),
)
def hosts_group() -> None:
    """List and edit the sites of the mesh, as this site knows them.

    Each site has its own replicate_hosts: edit it alike at every site.
    """


@hosts_group.command("list", epilog=examples("bondreplicate hosts list"))
@json_option
@pass_program
def show(program: Program, as_json: bool) -> None:
    """List the sites; passwords are masked.

    The site that this database is, is marked; before the first run, the one that it is to be.
    """
    with program.connection() as connection:
        found = hosts.list_hosts(connection)
        own = warn_number(connection, program.settings) or program.settings.site
    listed = [
        {"site": h.site, "name": h.name, "dsn": redact(h.dsn), "enabled": h.enabled,
         "here": h.site == own}
        for h in found
    ]  # fmt: skip
    if as_json:
        print_json(listed)
        return
    print_table(
        ["site", "name", "enabled", "dsn"],
        [
            (f"{h['site']} (here)" if h["here"] else h["site"], h["name"],
             "yes" if h["enabled"] else "no", h["dsn"])
            for h in listed
        ],
    )  # fmt: skip


@hosts_group.command(
    "add", epilog=examples('bondreplicate hosts add 2 lyon "host=lyon dbname=shop user=bond"')
)
@click.argument("site", type=int)
@click.argument("name")
@click.argument("dsn")
@click.option("--disabled", is_flag=True, help="List it, and do not send to it yet.")
@pass_program
def add(program: Program, site: int, name: str, dsn: str, disabled: bool) -> None:
    """List SITE, called NAME, which the other sites reach at DSN."""
    host = hosts.Host(site, name, dsn, not disabled)
    with program.connection(writes=True) as connection:
        hosts.add_host(connection, host, program.settings.maxsites)
    note(EVERYWHERE)


@hosts_group.command("remove", epilog=examples("bondreplicate hosts remove 4"))
@click.argument("site", type=int)
@pass_program
def remove(program: Program, site: int) -> None:
    """Take SITE off the list: nothing is sent to it and nothing is kept for it."""
    with program.connection(writes=True) as connection:
        hosts.refuse_own(site, program.settings.site)
        hosts.remove_host(connection, site)
    note(EVERYWHERE)


@hosts_group.command("enable", epilog=examples("bondreplicate hosts enable 4"))
@click.argument("site", type=int)
@pass_program
def enable(program: Program, site: int) -> None:
    """Send to SITE, and keep for it what it has not got."""
    with program.connection(writes=True) as connection:
        hosts.enable_host(connection, site, enabled=True)
    note(EVERYWHERE)


@hosts_group.command("disable", epilog=examples("bondreplicate hosts disable 4"))
@click.argument("site", type=int)
@pass_program
def disable(program: Program, site: int) -> None:
    """Send nothing to SITE and keep nothing for it.

    As soon as something was forgotten that it has not got, it cannot go on: it must be joined
    again, as a fresh copy with a number that was never used.
    """
    with program.connection(writes=True) as connection:
        hosts.refuse_own(site, program.settings.site)
        hosts.enable_host(connection, site, enabled=False)
    note(EVERYWHERE)
