"""`bondreplicate tables`: which tables are replicated."""

from __future__ import annotations

from collections.abc import Sequence

import click

from bondreplicate.core.policies import plan_policy
from bondreplicate.core.shapes import COLUMN, ROW
from bondreplicate.errors import SettingsError
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
from bondreplicate.site.listed import (
    ListedTable,
    choose_tables,
    count_columns,
    enable_table,
    list_tables,
    resolve_table,
    set_policy,
)
from bondreplicate.site.tables import fetch_followed

KINDS = ["latest", "site-priority", "hook"]
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
                 "resolve": t.resolve, "merges": t.merges,
                 "policy": t.policy, "priority": t.priority, "hook": t.hook,
                 "counters": t.counters, "counted": t.counted}
                for t in listed
            ]
        )  # fmt: skip
        return
    print_table(
        ["table", "replicated", "merged by", "policy", "key", "counters", "why not"],
        [
            (
                t.name,
                "yes" if t.active else "no",
                t.resolve,
                str(t.decides),
                ", ".join(t.key_columns),
                _counters(t),
                t.reason,
            )
            for t in listed
        ],
    )


@tables_group.command(
    "enable",
    short_help="Replicate TABLE... again.",
    epilog=examples("bondreplicate tables enable public.orders"),
)
@click.argument("names", nargs=-1, required=True, metavar="TABLE...")
@pass_program
def enable(program: Program, names: Sequence[str]) -> None:
    """Replicate TABLE... again; the daemon follows within a second or two."""
    _switch(program, names, enabled=True)


@tables_group.command(
    "disable",
    short_help="Leave TABLE... out of replication.",
    epilog=examples("bondreplicate tables disable audit_log"),
)
@click.argument("names", nargs=-1, required=True, metavar="TABLE...")
@pass_program
def disable(program: Program, names: Sequence[str]) -> None:
    """Leave TABLE... out of replication; the daemon follows within a second or two."""
    _switch(program, names, enabled=False)


@tables_group.command(
    "resolve",
    short_help="Merge rows of TABLE whole, or column by column.",
    epilog=examples("bondreplicate tables resolve customer column"),
)
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
    _say_unreplicated(table)
    note(EVERYWHERE)
    if as_json:
        print_json({"table": table.name, "resolve": resolve, "merges": table.merges})


@tables_group.command(
    "policy",
    short_help="Let a site or a function decide between two changes of a row.",
    epilog=examples(
        "bondreplicate tables policy customer site-priority --sites 3,1",
        "bondreplicate tables policy stock hook --function public.larger_stock",
        "bondreplicate tables policy customer latest",
    ),
)
@click.argument("name", metavar="TABLE")
@click.argument("kind", type=click.Choice(KINDS), metavar="latest|site-priority|hook")
@click.option("--sites", help="For site-priority: numbers of sites, the first wins: 3,1.")
@click.option("--function", help="For hook: schema and name of the function.")
@json_option
@pass_program
def policy_(
    program: Program,
    name: str,
    kind: str,
    sites: str | None,
    function: str | None,
    as_json: bool,
) -> None:
    """Say which of two changes of one row of TABLE stays that had not seen each other.

    latest: the later one. site-priority: that of the site that --sites names first; sites that it
    does not name come after, of these the later stays. hook: what --function makes of both, a
    function (key text[], later jsonb, earlier jsonb, later_version jsonb, earlier_version jsonb)
    that returns the row as jsonb, or null to delete it.

    The hook runs with the rights of the daemon's role: who may replace it has these rights. It may
    read and not write, and names tables and functions with their schema.

    The daemon follows within a second or two. Between two sites that do not say alike, the later
    change stays. A table that is merged by column, or has counters, has no
    policy but latest.
    """
    policy = plan_policy(kind.replace("-", "_"), sites, function)
    with program.connection(writes=True) as connection:
        [table] = choose_tables(list_tables(connection), [name])
        policy = set_policy(connection, table, policy)
    _say_unreplicated(table)
    note(EVERYWHERE)
    if as_json:
        told = {"policy": policy.kind, "priority": policy.sites, "hook": policy.hook or None}
        print_json({"table": table.name, **told})


@tables_group.command(
    "counters",
    short_help="Let the changes of all sites to columns of TABLE add up.",
    epilog=examples(
        "bondreplicate tables counters product stock",
        "bondreplicate tables counters product --none",
    ),
)
@click.argument("name", metavar="TABLE")
@click.argument("columns", nargs=-1, metavar="[COLUMN...]")
@click.option("--none", is_flag=True, help="No column of the table any more.")
@json_option
@pass_program
def counters(
    program: Program, name: str, columns: Sequence[str], none: bool, as_json: bool
) -> None:
    """Say to which columns of TABLE the changes of all sites add up: a stock, a balance.

    Two sites that change such a column of one row, not having seen each other, lose neither change:
    `set stock = stock - 1` takes one away everywhere, and so does `set stock = 4` where it was 5.
    The columns are smallint, integer, bigint or numeric(p,s), and NOT NULL.

    It takes effect after some seconds in which nobody writes to the table, when nothing of it is on
    its way; until it is the same at all sites, changes of the table wait. A table with counters is
    merged by row, with the policy latest. Take it back (--none) while nobody writes to the table,
    and nothing of it is parked.
    """
    if bool(columns) == none:
        raise SettingsError("say which columns, or --none", hint="bondreplicate tables counters -h")
    with program.connection(writes=True) as connection:
        [table] = choose_tables(list_tables(connection), [name])
        count_columns(connection, table, columns)
    _say_unreplicated(table)
    note(EVERYWHERE)
    if as_json:
        print_json({"table": table.name, "counters": columns, "counted": table.counted})


def _counters(table: ListedTable) -> str:
    """The counters of a table, and whether they are in effect."""
    said = ", ".join(table.counters)
    if sorted(table.counted) == sorted(table.counters) or not table.active:
        return said
    return f"{said or 'none'} (not yet: {', '.join(table.counted) or 'none'})"


def _say_unreplicated(table: ListedTable) -> None:
    """Say that what was said of a table does nothing as long as it is not replicated."""
    if not table.active:
        note(f"note: {table.name} is not replicated: {table.reason}")


def _switch(program: Program, names: Sequence[str], *, enabled: bool) -> None:
    with program.connection(writes=True) as connection:
        why_not = {".".join(s.name): s.why_not for s in fetch_followed(connection)}
        for table in choose_tables(list_tables(connection), names):
            enable_table(connection, table, enabled=enabled)
            if enabled and (why := why_not.get(table.name)):
                note(f"note: {table.name} is enabled, and stays unreplicated: {why}")
    note(EVERYWHERE)
