"""Tables that cannot be read here, and what other sites were not sent of them."""

from __future__ import annotations

from bondreplicate.border.database import Connection, execute, rows, value
from bondreplicate.border.sqlfiles import query


def list_unread(connection: Connection, site: int, position: str) -> dict[int, str]:
    """Tables that a site, which holds `position`, is not sent: since which snapshot."""
    found = rows(connection, query("unread_list"), {"site": site, "position": position})
    return {row.tab: row.since for row in found}


def note_unread(connection: Connection, tab: int, site: int, since: str, reason: str) -> None:
    """Write down that changes of a table are passed over from a snapshot on."""
    args = {"tab": tab, "site": site, "since": since, "reason": reason}
    execute(connection, query("unread_note"), args)


def send_unread(connection: Connection, tab: int, site: int) -> int:
    """Log again what has been passed over; how many entries."""
    return value(connection, query("unread_send"), {"tab": tab, "site": site})


def describe_unread(connection: Connection) -> list[str]:
    """Tables that cannot be read here, in words."""
    return [
        f"table {row.name} cannot be read: site {row.sites} is not sent its changes: {row.reason}"
        for row in rows(connection, query("unread_shown"))
    ]
