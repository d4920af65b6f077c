"""Where the rows of a site came from: its own first start, or that of a site it is a copy of.

Rows from before the first start are in no log and sent to nobody. So two sites that began apart,
and not one as a copy of the other, are the same only if somebody made them so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bondreplicate.border.database import Connection, execute, rows, value
from bondreplicate.border.sqlfiles import query

NOT_SENT_HINT = (
    "rows that are here already are not sent: every other site must be a copy of this database"
    " made after `main loop`, or hold the same rows (`bondreplicate verify` tells)"
)


def fetch_lineages(connection: Connection) -> frozenset[str]:
    """First starts whose rows are at a site; none: it began before that was written down.

    Where its structure is of such an age too, it is read as none.
    """
    if not value(connection, query("lineages_known")):
        return frozenset()
    return frozenset(value(connection, query("lineages")) or ())


def decide_related(here: frozenset[str], there: frozenset[str]) -> bool:
    """Whether two sites stem from one first start, or were seen to hold the same rows since."""
    return bool(here & there) or not (here or there)


def add_lineages(connection: Connection, lineages: frozenset[str]) -> None:
    """Write down that this site has the rows of these first starts."""
    execute(connection, query("lineages_add"), {"lineages": sorted(lineages)})


def warn_of_rows(connection: Connection, peers: Sequence[int], warn: Callable[..., None]) -> None:
    """Say at a first start that the rows that are there are not sent to anybody."""
    tables = [row.name for row in rows(connection, query("rows_before"))]
    if tables and peers:
        facts = {"tables": len(tables), "for_example": tables[0], "sites": list(peers)}
        warn("rows_are_not_sent", **facts, hint=NOT_SENT_HINT)
