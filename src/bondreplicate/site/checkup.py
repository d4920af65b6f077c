"""A check-up of this site by itself."""

from __future__ import annotations

from collections.abc import Sequence

from bondreplicate.border.database import Connection, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.findings import OK, PROBLEM, WARNING, Finding, Setting, judge_settings
from bondreplicate.core.following import DROPPED
from bondreplicate.core.trouble import render_owner_hint
from bondreplicate.core.words import counted
from bondreplicate.errors import BondError
from bondreplicate.site.fitness import check_fit, check_server, decide_number
from bondreplicate.site.health import fetch_blockers, fetch_parked, fetch_site
from bondreplicate.site.listed import list_tables
from bondreplicate.site.sequences import check_sequences
from bondreplicate.site.uncaptured import list_uncaptured
from bondreplicate.site.unread import describe_unread

CONNECTIONS_MIN = 10
NAMED_MAX = 5
HERE = "this site"


def check_site(connection: Connection, settings: Settings) -> list[Finding]:
    """Everything about this site; stops early where the rest could not be asked."""
    try:
        server = check_server(connection, HERE)
    except BondError as error:
        return [as_finding("server", HERE, error)]
    found = [Finding("server", OK, HERE, f"PostgreSQL {server.version}, role {server.role}")]
    if not server.may_give_way:
        message = f"role {server.role} may not set deadlock_timeout: users may lose deadlocks"
        hint = f"as a superuser: grant set on parameter deadlock_timeout to {server.role}"
        found.append(Finding("server", WARNING, HERE, message, hint))
    try:
        check_fit(connection, settings)
        found.append(Finding("hosts", OK, HERE, "this site is listed, and its address leads here"))
    except BondError as error:
        found.append(as_finding("hosts", HERE, error))
    checks = [
        _daemon, _ownership, _capture, _tables, _unread, _parked, _triggers, _event_triggers,
        _sequences,
        _transactions, _settings,
    ]  # fmt: skip
    facts = fetch_site(connection)
    if facts.site != settings.site or facts.went_down_at is not None:
        # Nothing is captured or aligned before it first runs, or while it is down: once is enough.
        checks = [_daemon, _ownership, _transactions, _settings]
    for check in checks:
        found += check(connection, settings)
    return found


def as_finding(check: str, where: str, error: BondError) -> Finding:
    """An error as a problem."""
    return Finding(check, PROBLEM, where, error.message.removeprefix(f"{where}: "), error.hint)


def _each(
    check: str, level: str, messages: Sequence[str], fine: str, hint: str | Sequence[str]
) -> list[Finding]:
    """A finding for each message, the first few at least; one that all is fine without any.

    hint: for all of them, or one for each.
    """
    if not messages:
        return [Finding(check, OK, HERE, fine)]
    hints = [hint] * len(messages) if isinstance(hint, str) else hint
    pairs = list(zip(messages, hints, strict=True))[:NAMED_MAX]
    found = [Finding(check, level, HERE, message, todo) for message, todo in pairs]
    if len(messages) > NAMED_MAX:
        found.append(Finding(check, level, HERE, f"and {len(messages) - NAMED_MAX} more"))
    return found


def _daemon(connection: Connection, settings: Settings) -> list[Finding]:
    """Whether the daemon runs, for the site that the configuration says."""
    facts = fetch_site(connection)
    site = facts.site
    if site is None:
        return [
            Finding(
                "daemon", WARNING, HERE, "bondreplicate has not run here yet", "run bondreplicate"
            )
        ]
    if problem := decide_number(site, settings):
        return [as_finding("daemon", HERE, problem)]
    if facts.went_down_at is not None:
        message = f"replication is down since {facts.went_down_at:%Y-%m-%d %H:%M:%S}"
        hint = "run bondreplicate, then `bondreplicate verify`: deletes since then are not known"
        return [Finding("daemon", PROBLEM, HERE, message, hint)]
    if not facts.daemon_runs:
        message = "the daemon does not run: changes are kept, and not sent"
        return [Finding("daemon", PROBLEM, HERE, message, "run bondreplicate")]
    return [Finding("daemon", OK, HERE, "runs")]


def _ownership(connection: Connection, _settings: Settings) -> list[Finding]:
    found = rows(connection, query("checkup_owners"))
    return _each(
        "ownership",
        PROBLEM,
        [f"{r.name} belongs to {r.owner}" for r in found],
        "every table and sequence may be altered",
        [render_owner_hint(r.owned_as) for r in found],
    )


def _capture(connection: Connection, _settings: Settings) -> list[Finding]:
    found = list_uncaptured(connection)
    if not found:
        return [Finding("capture", OK, HERE, "every replicated table has its triggers")]
    shown = [Finding("capture", PROBLEM, HERE, t.message, t.hint) for t in found[:NAMED_MAX]]
    if len(found) > NAMED_MAX:
        more = f"and {len(found) - NAMED_MAX} more"
        shown.append(Finding("capture", PROBLEM, HERE, more, found[-1].hint))
    return shown


def _tables(connection: Connection, _settings: Settings) -> list[Finding]:
    # Without a reason it is to be replicated, and not attached yet: `capture` tells.
    # One that is disabled and active has been changed here, and a site has yet to get that.
    noted = [
        t
        for t in list_tables(connection)
        if (t.enabled or t.active) and t.reason not in (DROPPED, None)
    ]
    return _each(
        "tables",
        WARNING,
        [f"{t.name}{'' if t.active else ' is not replicated'}: {t.reason}" for t in noted],
        "every enabled table is replicated",
        "do what it says, or `bondreplicate tables disable TABLE`",
    )


def _unread(connection: Connection, _settings: Settings) -> list[Finding]:
    return _each(
        "unread",
        PROBLEM,
        describe_unread(connection),
        "every table can be read",
        "let the role of `dsn` read it; what was passed over is sent then",
    )


def _parked(connection: Connection, _settings: Settings) -> list[Finding]:
    return _each(
        "parked",
        PROBLEM,
        [
            f"a change of site {c['source']} waits: {c['table']}{_key(c['key'])}: {c['reason']}"
            for c in fetch_parked(connection)
        ],
        "no change of another site waits",
        "mend what it says, then `bondreplicate retry`",
    )


def _key(key: Sequence[str]) -> str:
    return f", key {', '.join(key)}" if key else ""


def _triggers(connection: Connection, _settings: Settings) -> list[Finding]:
    found = rows(connection, query("checkup_triggers"))
    if not found:
        return [Finding("triggers", OK, HERE, "none that fires on apply depends on a search_path")]
    return [
        Finding(
            "triggers",
            WARNING,
            HERE,
            f"trigger {r.name} fires on apply, without a search_path: what its function names"
            " without a schema is not found, and the row is parked",
            f"at every site: alter function {r.function} set search_path = public (or more)",
        )
        for r in found[:NAMED_MAX]
    ]


def _event_triggers(connection: Connection, _settings: Settings) -> list[Finding]:
    return [
        Finding(
            "triggers",
            PROBLEM,
            HERE,
            f"event trigger {r.name} is marked ENABLE ALWAYS or ENABLE REPLICA, so it fires on what"
            " bondreplicate makes, without a search_path: where it fails, links stop",
            f"let it find its names: alter function {r.function} set search_path = public",
        )
        for r in rows(connection, query("checkup_event_triggers"))[:NAMED_MAX]
    ]


def _sequences(connection: Connection, _settings: Settings) -> list[Finding]:
    reports = check_sequences(connection)
    told = [(warning, report.hint) for report in reports if (warning := report.warning)]
    if not told:
        fine = f"{counted(len(reports), 'sequence')}, none near its end"
        return [Finding("sequences", OK, HERE, fine)]
    found = [Finding("sequences", WARNING, HERE, *one) for one in told[:NAMED_MAX]]
    if len(told) > NAMED_MAX:
        more = f"and {len(told) - NAMED_MAX} more"
        found.append(Finding("sequences", WARNING, HERE, more, "`bondreplicate status`"))
    return found


def _transactions(connection: Connection, _settings: Settings) -> list[Finding]:
    found = fetch_blockers(connection)
    return _each(
        "transactions",
        WARNING,
        [
            f"{b['kind']} {b['name']} of {b['role']} in {b['database']}, {b['age_s']:.0f} s old"
            for b in found
        ],
        "none older than 5 minutes",
        "commit it or roll it back (rollback prepared 'NAME', pg_terminate_backend(PID))",
    )


def _settings(connection: Connection, _settings: Settings) -> list[Finding]:
    found = judge_settings([Setting(*r) for r in rows(connection, query("checkup_settings"))], HERE)
    free = value(connection, query("checkup_connections"))
    if free < CONNECTIONS_MIN:
        message = f"only {free} connections are left; each peer takes one, its link two more here"
        hint = "raise max_connections"
        found.append(Finding("settings", WARNING, HERE, message, hint))
    return found
