"""The snapshot that `status`, and later the web page and the metrics, show."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from bondreplicate import __version__
from bondreplicate.border.database import Connection, connect
from bondreplicate.border.settings import Settings
from bondreplicate.core import words
from bondreplicate.core.findings import PROBLEM, WARNING
from bondreplicate.core.following import DROPPED
from bondreplicate.mesh.survey import Link, survey_links
from bondreplicate.site import health
from bondreplicate.site.fitness import (
    check_installed,
    check_version,
    check_writable,
    decide_hosts,
    fetch_server,
)
from bondreplicate.site.hosts import list_hosts
from bondreplicate.site.listed import list_tables
from bondreplicate.site.sequences import check_sequences
from bondreplicate.site.uncaptured import list_uncaptured
from bondreplicate.site.unread import describe_unread

LATE_S = 60.0
"""A link that is further behind is a problem, not only a number."""


@dataclass(frozen=True)
class Status:
    """A site and its links at one moment; its fields are what `status --json` prints.

    problems: what keeps changes from arriving; `status` exits with 1 where there is one.
    warnings: what may become a problem.
    """

    version: str
    facts: health.SiteFacts
    links: list[Link]
    tables_replicated: int
    tables_not_replicated: list[dict[str, Any]]
    parked: list[dict[str, Any]]
    conflicts_24h: list[dict[str, Any]]
    blockers: list[dict[str, Any]]
    sequences: list[str]
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


def fetch_status(settings: Settings) -> Status:
    """Look at this site and, through its links, at the others."""
    with closing(connect(settings.dsn, role="status")) as here:
        check_version(here.info.server_version, "this site")
        check_writable(fetch_server(here), "this site")
        check_installed(here, "this site")
        return read_status(here, settings)


def read_status(here: Connection, settings: Settings) -> Status:
    """The same, over a connection that is there already."""
    tables = list_tables(here)
    facts = health.fetch_site(here)
    # While it is down, or has not run yet, none is captured: once is enough to say that.
    up = facts.site is not None and facts.went_down_at is None
    status = Status(
        version=__version__,
        facts=facts,
        # As another site than it is, it would show links that do not exist.
        links=survey_links(here, settings) if facts.site in (None, settings.site) else [],
        tables_replicated=sum(t.active for t in tables),
        tables_not_replicated=[
            {"table": t.name, "enabled": t.enabled, "reason": t.reason}
            for t in tables
            if not t.active
        ],
        parked=health.fetch_parked(here),
        conflicts_24h=health.fetch_conflict_counts(here),
        blockers=health.fetch_blockers(here),
        sequences=sequence_warnings(here),
    )
    status.problems.extend(decide_problems(status, settings))
    if facts.site == settings.site and (lacking := decide_hosts(list_hosts(here), settings)):
        status.problems.append(f"{lacking.message}: {lacking.hint}")
    status.problems.extend(describe_unread(here))
    if up:
        status.problems.extend(f"table {t.message}: {t.hint}" for t in list_uncaptured(here))
    status.warnings.extend(f"table {t.name}: {t.reason}" for t in tables if t.active and t.reason)
    status.warnings.extend(decide_warnings(status))
    status.warnings.extend(decide_policy_warnings(status.links, settings.site))
    return status


def sequence_warnings(here: Connection) -> list[str]:
    """Sequences that somebody has to look at, in words."""
    return [warning for report in check_sequences(here) if (warning := report.warning)]


def decide_policy_warnings(links: Sequence[Link], own: int) -> list[str]:
    """Tables whose policy is not in force between this site and another one, by that site."""
    return [
        f"the policy of {', '.join(link.policies_not_used)} is not used between this site and site"
        f" {link.target}, which do not say alike: the later change stays; bondreplicate doctor"
        " says how they differ"
        for link in links
        if link.origin == own and link.policies_not_used
    ]


def decide_problems(status: Status, settings: Settings) -> list[str]:
    """What keeps changes from arriving."""
    facts = status.facts
    found = []
    if facts.site is None:
        found.append("bondreplicate has not run at this site yet")
    elif facts.site != settings.site:
        found.append(f"this database is site {facts.site}, the configuration says {settings.site}")
    elif facts.maxsites != settings.maxsites:
        found.append(
            f"maxsites is {facts.maxsites} here, the configuration says {settings.maxsites}"
        )
    if facts.went_down_at is not None:
        found.append(
            f"replication is down since {facts.went_down_at:%Y-%m-%d %H:%M:%S}: nothing is"
            " captured, sent or applied here; run bondreplicate to take it up again"
        )
    elif facts.site is not None and not facts.daemon_runs:
        found.append("the daemon does not run: changes are kept, and not sent")
    for link in status.links:
        if link.state in ("unreachable", "unfit", "held"):
            found.append(f"link {link.name}: {link.state}: {link.reason}")
        elif _sends_nothing(link, facts, settings.site):
            found.append(f"link {link.name}: {link.reason}")
        elif facts.went_down_at is None and link.lag_s is not None and link.lag_s > LATE_S:
            found.append(f"link {link.name}: {link.lag_s:.0f} s behind")
        if link.parked and link.origin == settings.site:
            why = f": {link.reason}" if link.state in ("in step", "behind") else ""
            found.append(
                f"link {link.name}: {words.parked(link.parked)} at site {link.target}{why}"
            )
    if facts.parked:
        found.append(words.parked(facts.parked))
    return found + _differences(status, PROBLEM)


def _differences(status: Status, level: str) -> list[str]:
    """What other sites say otherwise of tables, with what to do."""
    return [
        f"{unlike.where}: {unlike.message}; {unlike.hint}"
        for link in status.links
        for unlike in link.differences
        if unlike.level == level
    ]


def _sends_nothing(link: Link, facts: health.SiteFacts, own: int) -> bool:
    """Whether a link stands still for a reason at the other site; what is so here is said once."""
    if link.state == "down":
        return facts.went_down_at is None
    return link.state == "no daemon" and link.origin != own


def decide_warnings(status: Status) -> list[str]:
    """What may become a problem; nothing of tables and sequences while replication is down."""
    down = status.facts.went_down_at is not None
    found = [
        f"table {t['table']} is not replicated: {t['reason']}"
        for t in status.tables_not_replicated
        if t["enabled"] and t["reason"] not in (DROPPED, None) and not down
    ]
    found += [
        f"{b['kind']} {b['name']} in {b['database']} is {b['age_s']:.0f} s old: what it wrote"
        " waits for its end"
        for b in status.blockers
    ]
    found += _differences(status, WARNING)
    # Before the first run, and in a copy that takes another number, all are as they were.
    return found if down or status.facts.site is None else found + status.sequences
