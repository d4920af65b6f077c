"""`bondreplicate conflicts`: what clashed, and what became of it."""

from __future__ import annotations

from typing import Any

import click

from bondreplicate.faces.cli_common import (
    Group,
    Program,
    examples,
    json_option,
    pass_program,
    print_json,
    print_table,
)
from bondreplicate.site.conflicts import EVER_S, fetch_conflict, list_conflicts


@click.group("conflicts", cls=Group, short_help="List conflicts, and show both rows of one.")
def conflicts_group() -> None:
    """List conflicts, and show both rows of one."""


@conflicts_group.command("list", epilog=examples("bondreplicate conflicts list --since-h 24"))
@click.option("--table", help="Only of this table.")
@click.option("--since-h", type=click.FloatRange(min=0), help="Only of the last hours, this many.")
@click.option(
    "--limit",
    type=click.IntRange(min=0),
    default=100,
    show_default=True,
    help="At most this many.",
)
@json_option
@pass_program
def show_list(
    program: Program, table: str | None, since_h: float | None, limit: int, as_json: bool
) -> None:
    """List the latest conflicts, newest first."""
    age_s = EVER_S if since_h is None else since_h * 3600
    with program.connection() as connection:
        found = list_conflicts(connection, table=table, age_s=age_s, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ["id", "at", "table", "key", "kind", "won", "lost", "outcome"],
        [
            (c["id"], c["at"].isoformat(sep=" ", timespec="seconds"),
             f"{c['schema_name']}.{c['table_name']}", ", ".join(map(str, c["key"])), c["kind"],
             c["winner_site"], c["loser_site"], c["outcome"])
            for c in found
        ],
    )  # fmt: skip


@conflicts_group.command("show")
@click.argument("number", type=int, metavar="ID")
@json_option
@pass_program
def show_one(program: Program, number: int, as_json: bool) -> None:
    """Show conflict ID: both versions, whole, which one stayed, and by which rule."""
    with program.connection() as connection:
        conflict = fetch_conflict(connection, number)
    if as_json:
        print_json(conflict)
        return
    for line in describe(conflict):
        click.echo(line)
    winner, loser = conflict["winner_row"] or {}, conflict["loser_row"] or {}
    names = list(dict.fromkeys([*winner, *loser]))
    print_table(
        ["column", "stayed", "lost", ""],
        [
            (n, winner.get(n), loser.get(n), "" if winner.get(n) == loser.get(n) else "<>")
            for n in names
        ],
    )


def describe(conflict: dict[str, Any]) -> list[str]:
    """What happened, in lines; the rows follow."""
    table = f"{conflict['schema_name']}.{conflict['table_name']}"
    lines = [
        f"conflict {conflict['id']}: {conflict['kind']} in {table}, key {conflict['key']}",
        f"found at {conflict['at'].isoformat()} by site {conflict['source']}",
        f"rule: {conflict['rule']}",
        f"outcome: {conflict['outcome']}",
    ]
    if conflict["constraint_name"]:
        lines.append(f"constraint: {conflict['constraint_name']}")
    for side, words in (("winner", "stayed"), ("loser", "lost")):
        row = "a row" if conflict[f"{side}_row"] is not None else "a delete"
        lines.append(f"{words}: {row}{_version(conflict, side)}")
    return lines


def _version(conflict: dict[str, Any], side: str) -> str:
    """Where and when a version was made, as far as it is remembered."""
    site, stamp = conflict[f"{side}_site"], conflict[f"{side}_stamp"]
    made = f" of site {site}" if site is not None else ""
    if stamp is None:
        return f"{made}; version: forgotten (older than what is remembered)"
    return f"{made}, {stamp.isoformat()}"
