"""The story of a conflict in words: what happened, what stands now, how it can be taken back."""

from __future__ import annotations

import getpass
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from bondreplicate.border.database import Connection
from bondreplicate.core.ages import tell_age
from bondreplicate.core.undo import Refusal, Row, Write
from bondreplicate.errors import DatabaseError
from bondreplicate.mesh.holdings import Holding, fetch_holdings
from bondreplicate.site.conflicts import fetch_conflict
from bondreplicate.site.undo import assess, find_holder, render_hint


@dataclass(frozen=True)
class Story:
    """A conflict, what each site holds now, and whether it can be undone here."""

    conflict: dict[str, Any]
    holdings: list[Holding]
    undo: dict[str, Any]


def operating_user() -> str:
    """Whoever types; a container may have no name for them."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "somebody"


def fetch_story(connection: Connection, site: int, number: int) -> Story:
    """A conflict as it is known at this site, and what has become of it everywhere.

    Raises:
        SettingsError: there is none with this number.
    """
    conflict = fetch_conflict(connection, number)
    return Story(conflict, fetch_holdings(connection, site, conflict), _undo(connection, conflict))


def _undo(connection: Connection, conflict: dict[str, Any]) -> dict[str, Any]:
    """Whether it can be undone, and how: possible, command, reason, hint."""
    try:
        step, place, _ = assess(connection, conflict)
        if isinstance(step, Write) and place:
            step = find_holder(connection, conflict, place) or step
    except DatabaseError as error:
        step = Refusal(error.message, error.hint)
    command = f"bondreplicate conflicts undo {conflict['id']}"
    if not isinstance(step, Refusal):
        return {"possible": True, "command": command, "reason": "", "hint": ""}
    forced = f"{command} --force" if step.may_force else ""
    hint = render_hint(conflict["id"], step)
    return {"possible": False, "command": forced, "reason": step.reason, "hint": hint}


def describe(story: Story, now: datetime | None = None) -> list[str]:
    """What happened, in lines; the rows follow."""
    conflict = story.conflict
    table = f"{conflict['schema_name']}.{conflict['table_name']}"
    key = ", ".join(map(str, conflict["key"]))
    at = conflict["at"]
    ago = tell_age(((now or datetime.now(UTC)) - at).total_seconds())
    lines = [
        f"conflict {conflict['id']}: {conflict['kind']} in {table}, key {key}",
        f"found at {_local(at)}, {ago} ago, by site {conflict['source']}",
        f"rule: {conflict['rule']}",
        f"outcome: {conflict['outcome']}",
    ]
    if conflict["constraint_name"]:
        lines.append(f"constraint: {conflict['constraint_name']}")
    for side, words in (("winner", "stayed"), ("loser", "lost")):
        row = "a row" if conflict[f"{side}_row"] is not None else "a delete"
        lines.append(f"{words}: {row}{_version(conflict, side)}")
    return lines


def account(story: Story) -> Iterator[str]:
    """What stands now at each site, and what can be done."""
    for holding in story.holdings:
        yield f"site {holding.site} ({holding.name}) now: {_holds(story.conflict, holding)}"
        if holding.stayed:
            yield f"  the row that stayed, {_stays(story.conflict, holding)}"
    conflict, way = story.conflict, story.undo
    if conflict["undone_at"] is not None:
        yield f"undone: at {_local(conflict['undone_at'])} by {conflict['undone_by']}"
    if way["possible"]:
        yield f"undo: `{way['command']}` writes back what lost, at every site"
        return
    yield f"undo: not as it is: {way['reason']}"
    if way["hint"]:
        yield f"hint: {way['hint']}"


def _holds(conflict: dict[str, Any], holding: Holding) -> str:
    if holding.state != "another row" or holding.row is None:
        return holding.reason or holding.state
    against, words = conflict["winner_row"], "stayed"
    if against is None or conflict["winner_key"]:
        against, words = conflict["loser_row"], "lost"
    if against is None:  # neither is recorded: a parent that was kept
        return f"a row: {_unlike({}, holding.row)}"
    return f"another row, unlike what {words}: {_unlike(against, holding.row)}"


def _stays(conflict: dict[str, Any], holding: Holding) -> str:
    """The row that stayed under another key, as a site has it."""
    key = f"key {', '.join(map(str, conflict['winner_key']))}"
    if holding.stayed != "changed since" or holding.stayed_row is None:
        return f"{key}: {holding.stayed}"
    changes = _unlike(conflict["winner_row"] or {}, holding.stayed_row)
    return f"{key}: {holding.stayed}: {changes}"


def _unlike(row: Row, there: Row) -> str:
    """The columns in which two rows differ, with what is there."""
    lacking = [f"no column {name}" for name in row if name not in there]
    other = [f"{n} = {_shown(v)}" for n, v in there.items() if row.get(n) != v]
    return ", ".join([*other, *lacking])


def _shown(value: str | None) -> str:
    return "null" if value is None else f"'{value}'"


def _local(at: datetime) -> str:
    """A moment in the time zone of whoever looks, to the microsecond: versions are told apart."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S.%f %Z")


def _version(conflict: dict[str, Any], side: str) -> str:
    """Where and when a version was made, as far as it is remembered."""
    site, stamp = conflict[f"{side}_site"], conflict[f"{side}_stamp"]
    made = f" of site {site}" if site is not None else ""
    if stamp is None:
        return f"{made}; version: forgotten (older than what is remembered)"
    return f"{made}, {_local(stamp)}"
