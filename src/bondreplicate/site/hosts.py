"""replicate_hosts: the sites of the mesh, as this site knows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from bondreplicate.border.database import (
    Connection,
    dsn_mistake,
    execute,
    rows,
    same_database,
    value,
)
from bondreplicate.border.sqlfiles import query
from bondreplicate.errors import SettingsError

FEW, MANY = 10, 100
"""What maxsites may be."""


@dataclass(frozen=True)
class Host:
    """A site of the mesh. The DSN may hold a password, so it stays out of repr()."""

    site: int
    name: str
    dsn: str = field(repr=False)
    enabled: bool

    def __str__(self) -> str:
        return f"site {self.site} ({self.name})"


def list_hosts(connection: Connection) -> list[Host]:
    """All sites, this one included, by number."""
    return [Host(*row) for row in rows(connection, query("hosts_list"))]


def list_peers(connection: Connection, own: int) -> list[Host]:
    """The other sites that are enabled, by number."""
    return [host for host in list_hosts(connection) if host.enabled and host.site != own]


def find_own(hosts: Sequence[Host], own: int) -> Host:
    """This site as it is listed here, or would be."""
    unlisted = Host(own, "not listed here", "", enabled=False)
    return next((host for host in hosts if host.site == own), unlisted)


def add_host(connection: Connection, host: Host, maxsites: int) -> None:
    """List a site.

    Raises:
        SettingsError: its number, name or address is taken, or the number does not fit, or its
            dsn is none that libpq knows.
    """
    before = list_hosts(connection)
    if any(other.site == host.site for other in before):
        raise SettingsError(
            f"site {host.site} is listed already",
            hint="another address: update bondreplicate.replicate_hosts set dsn = '...' where"
            f" site = {host.site}, and keep it listed meanwhile",
        )
    if mistake := dsn_mistake(host.dsn):
        raise SettingsError(f"{host}: {mistake}", hint="write the dsn as libpq knows it")
    if problem := decide_mistake([*before, host], maxsites):
        raise SettingsError(problem, hint=_what_to_do(host, maxsites))
    args = {"site": host.site, "name": host.name, "dsn": host.dsn, "enabled": host.enabled}
    if value(connection, query("hosts_add"), args) is None:
        raise SettingsError(f"{host} was listed by somebody else just now")


def _what_to_do(host: Host, maxsites: int) -> str:
    if not host.dsn.strip() or not host.name.strip():
        return "give both: `bondreplicate hosts add SITE NAME DSN`"
    if maxsites == FEW <= host.site < MANY:
        return (
            f"for more sites, at every site: stop bondreplicate, set maxsites = {MANY},"
            " `bondreplicate init --grow`, start"
        )
    if not 0 < host.site < maxsites:
        return f"give it a number from 1 to {maxsites - 1}, one that was never used"
    return "`bondreplicate hosts list` shows the sites listed here"


def remove_host(connection: Connection, site: int) -> None:
    """Take a site off the list.

    Raises:
        SettingsError: it is not listed.
    """
    if not execute(connection, query("hosts_remove"), {"site": site}):
        raise _not_listed(connection, site)


def enable_host(connection: Connection, site: int, *, enabled: bool) -> None:
    """Switch a site on or off; off, nothing is sent to it and nothing is kept for it.

    Raises:
        SettingsError: it is not listed.
    """
    if not execute(connection, query("hosts_enable"), {"site": site, "enabled": enabled}):
        raise _not_listed(connection, site)


def refuse_own(site: int, own: int) -> None:
    """Refuse to take this site out of its own list: it could only not start again.

    Raises:
        SettingsError: it is this site.
    """
    if site == own:
        raise SettingsError(
            f"site {site} is this site, and has to be in its own list",
            hint=f"to take it out: `bondreplicate hosts remove {site}` at every other site, then"
            " `bondreplicate down` here",
        )


def _not_listed(connection: Connection, site: int) -> SettingsError:
    listed = ", ".join(str(host.site) for host in list_hosts(connection)) or "no site"
    return SettingsError(
        f"site {site} is not in replicate_hosts",
        hint=f"listed: {listed}; `bondreplicate hosts add SITE NAME DSN` lists one",
    )


def rejoin_hint(site: int) -> str:
    """What to do with a site that cannot go on as the database that the others knew."""
    return (
        f"a number is used once: `bondreplicate hosts remove {site}` at every other site, and join"
        " a fresh copy with a number that was never used (docs/how-to/join-a-site.md)"
    )


def decide_mistake(hosts: Sequence[Host], maxsites: int) -> str | None:
    """What is wrong with a list of sites in itself; None where nothing is."""
    for index, host in enumerate(hosts):
        if not 1 <= host.site < maxsites:
            return f"{host}: with maxsites {maxsites} sites are numbered 1 to {maxsites - 1}"
        if not host.dsn.strip() or not host.name.strip():
            return f"{host}: the name or the dsn is empty"
        for other in hosts[:index]:
            if other.site == host.site:
                return f"site {host.site} is there twice: {other.name} and {host.name}"
            if other.name == host.name:
                return f"sites {other.site} and {host.site} have the same name, {host.name}"
            if same_database(other.dsn, host.dsn):
                return f"sites {other.site} and {host.site} have the same dsn: same site twice"
    return None
