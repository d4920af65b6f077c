"""What there is to know about one site, without asking the others."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bondreplicate.border.database import Connection, dicts, rows, value
from bondreplicate.border.sqlfiles import query

PARKED_SHOWN = 20
OLD_TRANSACTION_S = 300.0


@dataclass(frozen=True)
class SiteFacts:
    """A site by itself. `unsent_when_down` counts log entries; `parked` counts changes."""

    site: int | None
    maxsites: int | None
    database: str
    server_version: str
    structure: int | None
    at: datetime
    went_down_at: datetime | None
    unsent_when_down: int | None
    log_entries: int
    log_bytes: int
    parked: int
    daemon_runs: bool


def fetch_site(connection: Connection) -> SiteFacts:
    """This site, in one row."""
    runs = bool(value(connection, query("daemon_running")))
    return SiteFacts(*rows(connection, query("status_site"))[0], daemon_runs=runs)


def fetch_down(connection: Connection, site: int) -> str:
    """That replication is down at a site, in words; "" where it is not."""
    state = rows(connection, query("fit_state"))
    if not state or state[0].went_down_at is None:
        return ""
    return f"replication is down at site {site}: run bondreplicate there"


def fetch_idle(connection: Connection, site: int) -> str:
    """Why a site sends nothing, in words; "" where it does send."""
    if down := fetch_down(connection, site):
        return down
    runs = value(connection, query("daemon_running"))
    return "" if runs else f"bondreplicate does not run at site {site}"


def fetch_parked(connection: Connection) -> list[dict[str, Any]]:
    """The changes that have waited longest because they cannot be applied."""
    return dicts(connection, query("status_parked"), {"limit": PARKED_SHOWN})


def fetch_conflict_counts(connection: Connection) -> list[dict[str, Any]]:
    """Conflicts of the last 24 hours, by kind."""
    return dicts(connection, query("status_conflicts"))


def fetch_blockers(connection: Connection) -> list[dict[str, Any]]:
    """Transactions, prepared ones too, that have been open for long; of all databases."""
    return dicts(connection, query("status_blockers"), {"age_s": OLD_TRANSACTION_S})
