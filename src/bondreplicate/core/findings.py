"""What a check-up finds, and what people can do about it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

OK, WARNING, PROBLEM = "ok", "warning", "problem"

CLOCK_WARNING_S = 1.0
AUTO_FILE = "postgresql.auto.conf"
"""What `alter system` writes, and nobody else."""


@dataclass(frozen=True)
class Finding:
    """One line of a check-up. level: ok, warning, problem. where: "site 2 (lyon)"."""

    check: str
    level: str
    where: str
    message: str
    hint: str = ""


HARMFUL: Mapping[str, tuple[str, str]] = {
    "fsync": ("off", "after a power cut this site may have lost what the others have"),
    "full_page_writes": ("off", "after a power cut pages may be torn"),
    "synchronous_commit": ("off", "after a crash this site may have lost what the others have"),
    "autovacuum": ("off", "tables bloat, replication's own too"),
    "track_activities": ("off", "status cannot name what holds changes back"),
    "session_replication_role": ("replica", "triggers do not fire, so nothing is captured"),
}
"""Setting, the value that hurts, and why."""


@dataclass(frozen=True)
class Setting:
    """A setting of the server, and where it is set.

    source: as pg_settings has it.
    file, line: where it is set in a configuration file and this role may know which.
    database, role: of the session that asked, quoted.
    """

    name: str
    value: str
    source: str
    file: str | None
    line: int | None
    needs_restart: bool
    database: str
    role: str


def judge_settings(settings: Iterable[Setting], where: str) -> list[Finding]:
    """Settings of the server that hurt."""
    found = []
    for setting in settings:
        name = setting.name
        level = PROBLEM if name == "session_replication_role" else WARNING
        hint = render_setting_hint(setting)
        harmful, why = HARMFUL.get(name, ("", ""))
        if setting.value == harmful:
            message = f"{name} is {harmful}: {why}"
            found.append(Finding("settings", level, where, message, hint))
        elif name == "old_snapshot_threshold" and setting.value != "-1":
            message = f"{name} is set: a long extraction can fail"
            found.append(Finding("settings", level, where, message, hint))
    return found or [Finding("settings", OK, where, "none that hurts")]


def render_setting_hint(setting: Setting) -> str:
    """How to undo a setting, which depends on where it is set."""
    name, database, role = setting.name, setting.database, setting.role
    if setting.source == "configuration file":
        return _file_hint(setting)
    hints = {
        "command line": f"it is set on the server's command line (-c {name}=..., pg_ctl -o):"
        " take it out there, then restart the server",
        "database": f"it is set for the database: alter database {database} reset {name}",
        "user": f"it is set for the role: alter role {role} reset {name}",
        "database user": f"it is set for the role in the database: alter role {role} in database"
        f" {database} reset {name}",
        "global": f"it is set for every role: alter role all reset {name}",
        "client": f"it comes with the connection: take {name} out of options in the dsn, or out of"
        " PGOPTIONS",
    }
    otherwise = f"correct it where it is set: by {setting.source}, as pg_settings has it"
    return hints.get(setting.source, otherwise)


def _file_hint(setting: Setting) -> str:
    then = "restart the server" if setting.needs_restart else "reload: select pg_reload_conf()"
    reset = f"alter system reset {setting.name}"
    if setting.file is None:
        return (
            "it is set in a configuration file; sourcefile in pg_settings tells a superuser which:"
            f" correct it there ({reset} where it is {AUTO_FILE}), then {then}"
        )
    if setting.file.endswith(f"/{AUTO_FILE}"):
        return f"{reset}, then {then}"
    return f"it is set in {setting.file}, line {setting.line}: correct it there, then {then}"


def judge_clock(offset_s: float, doubt_s: float, ahead_max_s: float, where: str) -> Finding:
    """The clock of another site against the clock here.

    Args:
        offset_s: how far the other is ahead.
        doubt_s: half the round trip, which the offset is uncertain by.
        ahead_max_s: what is refused.
        where: the other site.
    """
    message = f"clock {offset_s:+.3f} s against here (to {doubt_s:.3f} s)"
    surely_s = max(0.0, abs(offset_s) - doubt_s)
    hint = "run a time service (chrony, systemd-timesyncd) on both servers"
    if surely_s >= ahead_max_s:
        return Finding("clock", PROBLEM, where, message + ": changes are refused", hint)
    if surely_s >= CLOCK_WARNING_S:
        words = ": conflicts go to the site whose clock is ahead"
        return Finding("clock", WARNING, where, message + words, hint)
    return Finding("clock", OK, where, message)
