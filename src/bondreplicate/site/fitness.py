"""Whether replication can run on a database, and whether it is the one it should be."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from bondreplicate.border.database import Connection, connect, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.errors import DatabaseError, MeshError, UnfitSite
from bondreplicate.site.hosts import Host, decide_mistake, list_hosts

OLDEST_VERSION = 150000
CREATEDB = (
    "at the first site: psql -f createdb.sql DATABASE, which `bondreplicate createdb` prints; every"
    " further site begins as a copy of it (docs/how-to/join-a-site.md)"
)
COPY = (
    "make it a copy of a site that runs: pg_dump | psql, the schema bondreplicate included"
    " (docs/how-to/join-a-site.md)"
)


@dataclass(frozen=True)
class Server:
    """What a server is and lets us do."""

    standby: bool
    version: str
    database: str
    role: str
    may_mute: bool
    may_give_way: bool
    owns_schema: bool


@dataclass(frozen=True)
class Identity:
    """Which database something is. Equal identities: the same database."""

    system_identifier: int
    database_oid: int
    database: str


def check_fit(connection: Connection, settings: Settings, *, grow: bool = False) -> None:
    """Check that this site can replicate, and is who the configuration says it is.

    Args:
        connection: to this site.
        settings: of this site.
        grow: whether maxsites may become more than it was.

    Raises:
        UnfitSite: version, standby, privilege, structure. MeshError: number, replicate_hosts.
    """
    check_server(connection, "this site")
    hosts = list_hosts(connection)
    if problem := decide_hosts(hosts, settings):
        raise problem
    state = rows(connection, query("fit_state"))
    if problem := decide_maxsites(state[0].maxsites if state else None, hosts, settings, grow=grow):
        raise problem
    own = next(host for host in hosts if host.site == settings.site)
    check_own_address(own, fetch_identity(connection))


def check_server(connection: Connection, who: str) -> Server:
    """Check what a database must have, at this site or at another.

    Args:
        connection: to that database.
        who: what the messages call it.

    Raises:
        UnfitSite: version, standby, structure or privilege.
    """
    check_version(connection.info.server_version, who)
    server = fetch_server(connection)
    check_writable(server, who)
    check_installed(connection, who)
    if problem := decide_privileges(server, who):
        raise problem
    return server


def fetch_server(connection: Connection) -> Server:
    """What the server of a connection is and lets us do."""
    return Server(*rows(connection, query("fit_server"))[0])


def check_writable(server: Server, who: str) -> None:
    """Check that a server takes writes.

    Raises:
        UnfitSite: it is a standby.
    """
    if server.standby:
        raise UnfitSite(
            f"{who}: {server.database} is on a standby, which takes no writes",
            hint="give the address of the primary (target_session_attrs=read-write finds it)",
        )


def check_installed(connection: Connection, who: str) -> None:
    """Check that createdb.sql was run.

    Raises:
        UnfitSite: it was not.
    """
    if not value(connection, query("fit_structure")):
        name = connection.info.dbname
        hint = CREATEDB if who == "this site" else COPY
        raise UnfitSite(f"{who}: database {name} has no schema bondreplicate", hint=hint)


def check_version(number: int, who: str) -> None:
    """Check a server's version, 150004 for 15.4.

    Raises:
        UnfitSite: it is too old.
    """
    if number < OLDEST_VERSION:
        shown = f"{number // 10000}.{number % 10000}"
        raise UnfitSite(
            f"{who}: PostgreSQL {shown} is too old, 15 is the oldest that will do",
            hint="upgrade that server to PostgreSQL 15 or newer",
        )


def decide_privileges(server: Server, who: str) -> UnfitSite | None:
    """What the role lacks."""
    if not server.may_mute:
        return UnfitSite(
            f"{who}: role {server.role} may not set session_replication_role",
            hint="as a superuser: grant set on parameter session_replication_role to "
            + server.role,
        )
    if not server.owns_schema:
        return UnfitSite(
            f"{who}: role {server.role} does not own the schema bondreplicate",
            hint="give the dsn its owner's role, or install as this role"
            " (docs/how-to/least-privilege.md)",
        )
    return None


def decide_hosts(hosts: Sequence[Host], settings: Settings) -> MeshError | None:
    """What is wrong with replicate_hosts, seen from this site."""
    if problem := decide_mistake(hosts, settings.maxsites):
        return MeshError(f"replicate_hosts: {problem}", hint="correct it, alike at every site")
    own = [host for host in hosts if host.site == settings.site]
    if not own:
        listed = ", ".join(str(host) for host in hosts) or "nothing"
        return MeshError(
            f"site {settings.site} is not in replicate_hosts (listed: {listed})",
            hint=f"`bondreplicate hosts add {settings.site} NAME DSN`, or correct site in the"
            " configuration",
        )
    if not own[0].enabled:
        return MeshError(
            f"{own[0]} is disabled in replicate_hosts",
            hint=f"`bondreplicate hosts enable {settings.site}`, at every site",
        )
    return None


def decide_maxsites(
    before: int | None, hosts: Sequence[Host], settings: Settings, *, grow: bool
) -> MeshError | None:
    """Whether maxsites may become what the configuration says; it never becomes less again."""
    if before is None or settings.maxsites == before:
        return None
    if settings.maxsites < before:
        return MeshError(
            f"maxsites was {before} and cannot become {settings.maxsites}",
            hint=f"ids were made with {before}: set maxsites = {before}",
        )
    if grow:
        return None
    listed = ", ".join(str(host.site) for host in hosts)
    return MeshError(
        f"maxsites was {before} here, the configuration says {settings.maxsites}: that is for good",
        hint=f"set maxsites = {before}; or, to grow, at each of the sites {listed}: stop"
        f" bondreplicate, set maxsites = {settings.maxsites}, `bondreplicate init --grow`, start",
    )


def check_number(connection: Connection, settings: Settings) -> None:
    """Check that this database is the site that the configuration says, for commands that ask.

    Raises:
        UnfitSite: it has no number yet. MeshError: it has another, or another maxsites.
    """
    site = fetch_number(connection)
    if site is None:
        raise UnfitSite(
            "bondreplicate has not run at this site yet",
            hint="run bondreplicate: until then nothing is replicated",
        )
    if problem := decide_number(site, settings):
        raise problem
    before = rows(connection, query("fit_state"))[0].maxsites
    if problem := decide_maxsites(before, list_hosts(connection), settings, grow=False):
        raise problem


def fetch_number(connection: Connection) -> int | None:
    """The number that a database has; None before bondreplicate first ran on it."""
    state = rows(connection, query("fit_state"))
    return state[0].site if state else None


def decide_number(site: int, settings: Settings) -> MeshError | None:
    """What is wrong with the number of this database, seen from the configuration."""
    if site == settings.site:
        return None
    return MeshError(
        f"this database is site {site}, the configuration says {settings.site}",
        hint=f"a fresh copy takes number {settings.site} when you run bondreplicate on it;"
        f" if this is site {site}, correct the configuration: site = {site}",
    )


def fetch_identity(connection: Connection) -> Identity:
    """Which database a connection leads to."""
    return Identity(*rows(connection, query("fit_identity"))[0])


def check_own_address(own: Host, here: Identity) -> None:
    """Check that the address others use for this site leads to the database that we use.

    An address that does not answer from here proves nothing: only others need to reach it.

    Raises:
        MeshError: it leads elsewhere, so site or dsn is wrong.
    """
    try:
        with closing(connect(own.dsn, role="check")) as connection:
            there = fetch_identity(connection)
    except DatabaseError:
        return
    if there != here:
        raise MeshError(
            f"{own}: its dsn in replicate_hosts leads to another database ({there.database})"
            f" than dsn in the configuration ({here.database})",
            hint="one of them is wrong, or site in the configuration is",
        )


def check_peer(connection: Connection, peer: Host, here: Identity) -> bool:
    """Check that a connection to a peer leads to that site, ready to take changes.

    Returns:
        Whether its daemon has run already, so that it knows its number.

    Raises:
        UnfitSite: version, standby, structure or privilege.
        MeshError: it is this database, or another site.
    """
    check_version(connection.info.server_version, str(peer))
    if fetch_identity(connection) == here:
        raise MeshError(
            f"{peer}: its dsn in replicate_hosts leads back to this database",
            hint="correct the dsn: `bondreplicate hosts list`",
        )
    check_server(connection, str(peer))
    site = fetch_number(connection)
    if site is not None and site != peer.site:
        raise MeshError(
            f"{peer}: its dsn in replicate_hosts leads to a database that is site {site}",
            hint="a copy takes its own number when bondreplicate first runs there;"
            " else correct the dsn",
        )
    return site is not None
