"""`bondreplicate verify`: is every site the same?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

from bondreplicate.core.words import counted, parked
from bondreplicate.errors import CHECK_FAILED
from bondreplicate.faces.cli_common import (
    Amount,
    Count,
    Program,
    examples,
    json_option,
    note,
    pass_program,
    print_json,
)
from bondreplicate.mesh.verify import TableVerdict, Verdict
from bondreplicate.mesh.verify import verify as compare


@click.command(
    short_help="Compare every table with every peer.",
    epilog=examples("bondreplicate verify", "bondreplicate verify orders customers"),
)
@click.argument("names", nargs=-1, metavar="[TABLE]...")
@click.option(
    "--settle",
    "settle_s",
    type=Amount(),
    default=10.0,
    show_default=True,
    help="Seconds that changes on their way may take to arrive, for each table.",
)
@click.option(
    "--keys",
    type=Count(),
    default=20,
    show_default=True,
    help="Name so many keys of a table.",
)
@json_option
@pass_program
@click.pass_context
def verify(
    context: click.Context,
    program: Program,
    names: Sequence[str],
    settle_s: float,
    keys: int,
    as_json: bool,
) -> None:
    """Compare every replicated table, or each TABLE, with every enabled peer.

    Clients may go on writing: what is on its way has --settle seconds to arrive. Exit status 0
    only where every row was seen to be the same; 1 where something differs, has not arrived, is
    parked, or could not be compared (also a column that one site lacks), and where nothing was;
    tables, reasons, and the keys that differ are named.
    """
    verdict = compare(program.settings, names, settle_s)
    if as_json:
        print_json(verdict)
    else:
        for line in describe(verdict, keys):
            click.echo(line)
        for hint in what_to_do(verdict):
            note(f"hint: {hint}")
    context.exit(0 if verdict.same else CHECK_FAILED)


def what_to_do(verdict: Verdict) -> Iterator[str]:
    """What to do about what is not the same, a line for each kind."""
    if verdict.peers_not_asked:
        yield "`bondreplicate doctor` says what to do about a site that was not compared"
    if any(t.parked for t in verdict.tables):
        yield "mend what keeps parked changes waiting, then `bondreplicate retry`"
    if any(not difference.parked for t in verdict.tables for difference in t.differences):
        yield (
            "for each key that differs, at a site whose row is right: update the row, also to what"
            " it is, and it is sent again; or delete it there (docs/how-to/take-down-and-up.md#up)"
        )


def describe(verdict: Verdict, keys: int) -> Iterator[str]:
    """A verdict in lines."""
    for site, reason in verdict.peers_not_asked.items():
        yield f"site {site}: not compared: {reason}"
    for table in verdict.tables:
        yield from _lines(table, verdict.site, keys)
    if verdict.nothing_compared:
        yield f"NOTHING WAS COMPARED: {verdict.nothing_compared}"
        return
    if any(t.differences or t.more or t.problem for t in verdict.tables):
        outcome = "NOT THE SAME"
    elif any(t.in_flight or t.parked for t in verdict.tables):
        outcome = "NOT THE SAME YET"
    else:
        outcome = "no difference" if verdict.same else "no difference, but NOT COMPLETE"
    comparisons = counted(sum(t.compared for t in verdict.tables), "comparison")
    yield f"{comparisons} of a table with a peer: {outcome}"


def _lines(table: TableVerdict, here: int, keys: int) -> Iterator[str]:
    head = f"{table.table}, sites {here} and {table.peer}"
    if table.skipped or table.problem:
        yield f"{head}: {'skipped' if table.skipped else 'NOT COMPARED'}: " + (
            table.skipped or table.problem
        )
        return
    rows = f"{counted(table.rows_here or 0, 'row')} here, {table.rows_there} there"
    if table.same and table.rows_here != table.rows_there:
        rows += ", counted a moment apart"
    yield f"{head}: {_outcome(table)} ({rows})"
    for why in table.in_flight_why:
        yield f"  {why}"
    for number, where in ((table.parked_here, here), (table.parked_there, table.peer)):
        if number:
            yield f"  {parked(number)} at site {where}: {table.parked_why}"
    for names, where in ((table.columns_here_only, here), (table.columns_there_only, table.peer)):
        if names:
            yield f"  columns only at site {where}, not compared: {', '.join(names)}"
    for difference in table.differences[:keys]:
        kind = {"missing here": f"missing at site {here}",
                "missing there": f"missing at site {table.peer}"}  # fmt: skip
        why = f" (parked: {difference.parked})" if difference.parked else ""
        what = kind.get(difference.kind, difference.kind)
        yield f"  key {', '.join(difference.key)}: {what}{why}"
    if len(table.differences) > keys:
        yield f"  and {counted(len(table.differences) - keys, 'more key')}"


def _outcome(table: TableVerdict) -> str:
    if table.same:
        return "same"
    number = len(table.differences)
    found = []
    if number or table.more:
        more = "more than " if table.more else ""
        found.append(f"{more}{counted(number, 'key')} {'DIFFERS' if number == 1 else 'DIFFER'}")
    if table.in_flight:
        found.append(f"{counted(table.in_flight, 'key')} NOT APPLIED YET")
    if table.parked and not number:
        found.append(f"{counted(table.parked, 'change')} PARKED")
    if table.columns_here_only or table.columns_there_only:
        found.append("the same but for columns NOT COMPARED" if not found else "other columns")
    return ", ".join(found)
