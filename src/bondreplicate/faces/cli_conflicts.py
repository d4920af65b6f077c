"""`bondreplicate conflicts`: what clashed, what became of it, and how to take it back."""

from __future__ import annotations

import click

from bondreplicate.border.database import value
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.ages import parse_age_s
from bondreplicate.core.words import counted
from bondreplicate.errors import CHECK_FAILED, SettingsError
from bondreplicate.faces.cli_common import (
    Amount,
    Count,
    Group,
    Program,
    examples,
    json_option,
    note,
    pass_program,
    print_json,
    print_table,
    warn_number,
)
from bondreplicate.faces.story import account, describe, fetch_story, operating_user
from bondreplicate.mesh.purge import purge_conflicts
from bondreplicate.site.conflicts import (
    EVER_S,
    choose_conflict_table,
    fetch_conflict,
    list_conflicts,
)
from bondreplicate.site.fitness import check_number
from bondreplicate.site.undo import undo

NUMBER = click.argument("number", type=Count(at_least=1), metavar="ID")


@click.group(
    "conflicts",
    cls=Group,
    short_help="List conflicts, show one, take one back.",
    epilog=examples("bondreplicate conflicts list"),
)
def conflicts_group() -> None:
    """List conflicts, show both rows of one, write the one that lost back, remove old ones."""


@conflicts_group.command("list", epilog=examples("bondreplicate conflicts list --since-h 24"))
@click.option("--table", help="Only of this table.")
@click.option("--since-h", type=Amount(at_most=1e6), help="Only of the last hours, this many.")
@click.option(
    "--limit",
    type=Count(),
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
        warn_number(connection, program.settings)
        name = None if table is None else choose_conflict_table(connection, table)
        found = list_conflicts(connection, table=name, age_s=age_s, limit=limit)
    if as_json:
        print_json(found)
        return
    print_table(
        ["id", "at", "table", "key", "kind", "won", "lost", "outcome"],
        [
            (c["id"], c["at"].isoformat(sep=" ", timespec="seconds"),
             f"{c['schema_name']}.{c['table_name']}", ", ".join(map(str, c["key"])), c["kind"],
             c["winner_site"], c["loser_site"],
             c["outcome"] + ("; undone" if c["undone_at"] else ""))
            for c in found
        ],
    )  # fmt: skip


@conflicts_group.command(
    "show",
    short_help="Show both versions of one, and what each site holds now.",
    epilog=examples("bondreplicate conflicts show 17"),
)
@NUMBER
@json_option
@pass_program
def show_one(program: Program, number: int, as_json: bool) -> None:
    """Show conflict ID: both versions, what each site holds now, whether it can be undone.

    Both versions whole, which one stayed, and by which rule. Every enabled site is asked for the
    row with that key.
    """
    with program.connection() as connection:
        story = fetch_story(connection, program.settings.site, number)
    if as_json:
        print_json({**story.conflict, "sites": story.holdings, "undo": story.undo})
        return
    for line in describe(story):
        click.echo(line)
    winner, loser = story.conflict["winner_row"] or {}, story.conflict["loser_row"] or {}
    names = list(dict.fromkeys([*winner, *loser]))
    print_table(
        ["column", "stayed", "lost", ""],
        [
            (n, winner.get(n), loser.get(n), "" if winner.get(n) == loser.get(n) else "<>")
            for n in names
        ],
    )
    for line in account(story):
        click.echo(line)


@conflicts_group.command(
    "undo",
    epilog=examples("bondreplicate conflicts undo 17"),
    short_help="Write the version that lost back.",
)
@NUMBER
@click.option(
    "--force", is_flag=True, help="Also where the row was changed since, or it was undone before."
)
@json_option
@pass_program
@click.pass_context
def undo_one(
    context: click.Context, program: Program, number: int, force: bool, as_json: bool
) -> None:
    """Write the version that lost conflict ID back, as a new change made at this site.

    It travels to every other site like any change: undo it at one site only. Where a delete lost,
    the row is deleted. Triggers of the table fire, and constraints hold, as for a user's write.

    Only where the row is as the conflict left it; --force writes also where it was changed since.
    Columns that were added since keep what they have; where one is gone, it is refused.

    Exit status 1 where it is not undone because the row, the table or the conflict is not as it
    was; 3 where PostgreSQL refuses the row. Then nothing is done.
    """
    with program.connection(writes=True) as connection:
        check_number(connection, program.settings)
        conflict = fetch_conflict(connection, number)
        done = undo(connection, conflict, program.settings.site, who=operating_user(), force=force)
        runs = value(connection, query("daemon_running"))
    if as_json:
        print_json(done)
    if not done.undone:
        note(f"error: conflict {number} is not undone: {done.reason}")
        if done.hint:
            note(f"hint: {done.hint}")
        context.exit(CHECK_FAILED)
    if not as_json:
        what = {"insert": "the row that lost is there again", "delete": "the row is deleted"}
        columns = f"what lost is written back ({', '.join(done.columns)})"
        key = ", ".join(map(str, done.key))
        click.echo(f"{done.table}, key {key}: {what.get(done.written, columns)}")
    if done.differs:
        note(f"note: not as in the version that lost: {', '.join(done.differs)} (a trigger?)")
    travels = "it travels to every site: there is no need to undo it elsewhere"
    note(f"note: {travels if runs else 'it travels when bondreplicate runs here again'}")


@conflicts_group.command(
    "purge",
    epilog=examples("bondreplicate conflicts purge --older-than 30d"),
    short_help="Remove old conflicts at this site.",
)
@click.option(
    "--older-than",
    required=True,
    metavar="AGE",
    help="A number and a unit: s, m, h, d or w. 12h, 30d.",
)
@json_option
@pass_program
def purge(program: Program, older_than: str, as_json: bool) -> None:
    """Remove the conflicts that were found longer ago than AGE, with the rows that lost.

    At this site only. What was found here and is not known to be told to every enabled site is
    kept. What is purged is not taken from another site again. The daemon does the same by itself,
    see conflicts_keep_days.
    """
    age_s = parse_age_s(older_than)
    if age_s is None:
        raise SettingsError(
            f"--older-than: {older_than!r} is no age",
            hint="a number and a unit (s, m, h, d or w), up to 100 years: 12h, 30d",
        )
    with program.connection(writes=True) as connection:
        check_number(connection, program.settings)
        done = purge_conflicts(connection, program.settings.site, age_s)
    if as_json:
        print_json(done)
    else:
        click.echo(f"{counted(done.purged, 'conflict')} removed")
    if done.kept:
        note(f"note: {counted(done.kept, 'conflict')} kept: not known to be told to every site yet")
    for site, reason in done.not_asked.items():
        note(f"note: site {site} was not asked: {reason}")
