"""`bondreplicate tables`: which tables are replicated."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bondreplicate.core.shapes import COLUMN, ROW
from bondreplicate.faces.cli_common import (
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
from bondreplicate.site.listed import choose_tables, enable_table, list_tables, resolve_table
from bondreplicate.site.tables import fetch_followed

EVERYWHERE = "note: replicate_tables is not replicated: do the same at every other site"


@click.group(
    "tables",
    cls=Group,
    short_help="List the tables, switch them, say how they are merged.",
    epilog=examples("bondreplicate tables list"),
)
def tables_group() -> None:
    """List the tables of this site, switch their replication on or off, say how rows are merged.

    Each site has its own replicate_tables: edit it alike at every site.
    """


@tables_group.command("list", epilog=examples("bondreplicate tables list"))
@json_option
@pass_program
def show(program: Program, as_json: bool) -> None:
    """List every table: replicated, or why not."""
    with program.connection() as connection:
        warn_number(connection, program.settings)
        listed = list_tables(connection)
    if as_json:
        print_json(
            [
                {"table": t.name, "enabled": t.enabled, "replicated": t.active,
                 "reason": t.reason, "key_columns": t.key_columns, "columns": t.columns,
                 "resolve": t.resolve, "merges": t.merges}
                for t in listed
            ]
        )  # fmt: skip
        return
    print_table(
        ["table", "replicated", "merged by", "key", "why not"],
        [
            (t.name, "yes" if t.active else "no", t.resolve, ", ".join(t.key_columns), t.reason)
            for t in listed
        ],
    )


@tables_group.command("enable", epilog=examples("bondreplicate tables enable public.orders"))
@click.argument("names", nargs=-1, required=True, metavar="TABLE...")
@pass_program
def enable(program: Program, names: Sequence[str]) -> None:
    """Replicate TABLE... again; the daemon follows within a second or two."""
    _switch(program, names, enabled=True)


@tables_group.command("disable", epilog=examples("bondreplicate tables disable audit_log"))
@click.argument("names", nargs=-1, required=True, metavar="TABLE...")
@pass_program
def disable(program: Program, names: Sequence[str]) -> None:
    """Leave TABLE... out of replication; the daemon follows within a second or two."""
    _switch(program, names, enabled=False)


@tables_group.command("resolve", epilog=examples("bondreplicate tables resolve customer column"))
@click.argument("name", metavar="TABLE")
@click.argument("resolve", type=click.Choice([ROW, COLUMN]), metavar="row|column")
@json_option
@pass_program
def resolve_(program: Program, name: str, resolve: str, as_json: bool) -> None:
    """Say what stays where two sites have changed one row of TABLE, not having seen each other.

    row: the later row, with all its columns. column: of each column the later value, so that
    changes of different columns are both kept; columns that a constraint names together count as
    one.

    The daemon follows within a second or two. Until it is the same at all sites, changes of the
    table wait. By row again is in effect when what was changed by column is everywhere.
    """
    with program.connection(writes=True) as connection:
        [table] = choose_tables(list_tables(connection), [name])
        resolve_table(connection, table, resolve)
    note(EVERYWHERE)
    if as_json:
        print_json({"table": table.name, "resolve": resolve, "merges": table.merges})


def _switch(program: Program, names: Sequence[str], *, enabled: bool) -> None:
    with program.connection(writes=True) as connection:
        why_not = {".".join(s.name): s.why_not for s in fetch_followed(connection)}
        for table in choose_tables(list_tables(connection), names):
            enable_table(connection, table, enabled=enabled)
            if enabled and (why := why_not.get(table.name)):
                note(f"note: {table.name} is enabled, and stays unreplicated: {why}")
    note(EVERYWHERE)
