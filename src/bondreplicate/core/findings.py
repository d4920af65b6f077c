"""What a check-up finds, and what people can do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

OK, WARNING, PROBLEM = "ok", "warning", "problem"

CLOCK_WARNING_S = 1.0


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


def judge_settings(settings: Mapping[str, str], where: str) -> list[Finding]:
    """Settings of the server that hurt."""
    found = []
    for name, (value, why) in HARMFUL.items():
        if settings.get(name) == value:
            level = PROBLEM if name == "session_replication_role" else WARNING
            message = f"{name} is {value}: {why}"
            found.append(Finding("settings", level, where, message, f"alter system reset {name}"))
    if settings.get("old_snapshot_threshold", "-1") != "-1":
        message = "old_snapshot_threshold is set: a long extraction can fail"
        hint = "alter system reset old_snapshot_threshold, and restart"
        found.append(Finding("settings", WARNING, where, message, hint))
    return found or [Finding("settings", OK, where, "none that hurts")]


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
