"""Conflicts, one after the other: who writes what unheard by the others, and what becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bondreplicate.border.sqlfiles import text
from bondreplicate.faces.demo.screen import Screen, table, verdict
from bondreplicate.faces.demo.sites import Site, settle, unplugged


@dataclass(frozen=True)
class Story:
    """Two sites write while they are cut off from each other.

    The statements are sql/demo/<name>_a.sql and <name>_b.sql, in that order; <name>_stays.sql shows
    what is left. `kind`: of the entry that replicate_error must then have.
    """

    name: str
    title: str
    kind: str
    moral: str


STORIES = (
    Story(
        "edit",
        "The same row is edited at two sites",
        "concurrent",
        "the later version stays, at every site",
    ),
    Story(
        "email",
        "The same e-mail address is registered twice, and both order something",
        "unique",
        "the later customer stays, and the orders of both are now that customer's",
    ),
    Story(
        "parent",
        "A product is deleted while another site sells it",
        "foreign key",
        "the delete loses: the schema says that lines need their product",
    ),
    Story(
        "cascade",
        "An order is deleted while another site adds a line to it",
        "foreign key",
        "the line goes with its order: the schema says ON DELETE CASCADE",
    ),
)


def tell_all(sites: Sequence[Site], screen: Screen) -> list[str]:
    """Tell every story; what was not as it should be, in words."""
    wrong = [problem for story in STORIES for problem in tell(story, sites, screen)]
    return wrong + tell_unplugged(sites, screen)


def tell(story: Story, sites: Sequence[Site], screen: Screen) -> list[str]:
    """Cut all links, write at two sites, let them meet; what was wrong."""
    screen.chapter(story.title)
    a, b = sites[0], sites[1]
    before = {site.number: site.rows("errors_upto")[0].id for site in sites}
    with unplugged(sites):
        screen.tell("all links are cut", "dim")
        for letter, site in (("a", a), ("b", b)):
            screen.code(f"site {site.number}:", text("demo", f"{story.name}_{letter}"))
            site.execute(f"{story.name}_{letter}")
    _tell_in_step(sites, screen)
    wrong = show_outcome(story.name, sites, screen)
    for site in sites:
        entries = site.rows("errors_since", {"id": before[site.number]})
        if site is b:
            show_entries(entries, screen)
        if not any(entry.kind == story.kind for entry in entries):
            wrong.append(f"site {site.number} has no entry in replicate_error: {story.title}")
    screen.tell(story.moral, "italic")
    return wrong


def tell_unplugged(sites: Sequence[Site], screen: Screen) -> list[str]:
    """A site is alone for a while, and people go on working there; what was wrong."""
    office, alone = sites[0], sites[-1]
    screen.chapter(f"Site {alone.number} is unplugged, and comes back")
    status = alone.stop_daemon()
    wrong = [] if status == 0 else [f"the daemon of site {alone.number} ended with {status}"]
    with unplugged([alone]):
        screen.tell(f"the daemon of site {alone.number} is stopped, its cable pulled", "dim")
        screen.code(f"site {office.number}:", text("demo", "alone_a"))
        office.execute("alone_a")
        screen.code(f"site {alone.number}:", text("demo", "alone_b"))
        alone.execute("alone_b")
        kept = {s.number: s.rows("left")[0].entries for s in (office, alone)}
        screen.tell(f"waiting: {kept[office.number]} changes at site {office.number},"
                    f" {kept[alone.number]} at site {alone.number}")  # fmt: skip
    alone.start_daemon()
    alone.wait_daemon()
    _tell_in_step(sites, screen)
    return wrong + show_outcome("alone", sites, screen)


def _tell_in_step(sites: Sequence[Site], screen: Screen) -> None:
    with screen.console.status("the links are back"):
        took_s = settle(sites)
    screen.tell(f"the links are back: every site has everything after {took_s:.1f} s", "dim")


def show_outcome(name: str, sites: Sequence[Site], screen: Screen) -> list[str]:
    """What stays, once where all sites agree; what was wrong."""
    found = {site.number: site.rows(f"{name}_stays") for site in sites}
    first = found[sites[0].number]
    same = all(rows == first for rows in found.values())
    for number, rows in found.items():
        if not same or number == sites[0].number:
            where = "at every site:" if same else f"at site {number}:"
            screen.console.print(verdict(same, where))
            heads = rows[0]._fields if rows else ["nothing"]
            # As text: an id is no quantity.
            screen.table(table(heads, [[plain(cell) for cell in row] for row in rows]))
    return [] if same else [f"sites differ: {name}"]


def plain(cell: Any) -> str:
    """A value as psql would show it."""
    return ", ".join(map(str, cell)) if isinstance(cell, list) else str(cell)


def show_entries(entries: Sequence[Any], screen: Screen) -> None:
    """New entries of replicate_error."""
    lines = []
    for entry in entries:
        stayed, lost = differing(entry)
        lines.append([entry.table_name, entry.kind, f"{entry.rule}: {entry.outcome}",
                      said(entry.winner_site, stayed), said(entry.loser_site, lost)])  # fmt: skip
    screen.tell("replicate_error:", "green")
    screen.table(table(["table", "kind", "rule and outcome", "stays", "does not"], lines))


def said(site: int | None, values: str) -> str:
    """A version, with who wrote it."""
    return values if site is None else f"{values} (site {site})"


def differing(entry: Any) -> tuple[str, str]:
    """Both versions of a row: only what differs, where both are there."""
    winner, loser = entry.winner_row, entry.loser_row
    places = range(len(entry.columns))
    if winner and loser and winner != loser:
        places = [place for place in places if winner[place] != loser[place]]

    def words(row: Sequence[str | None] | None) -> str:
        if row is None:
            return "no row"
        return ", ".join(f"{entry.columns[place]}={row[place]}" for place in places)

    return words(winner), words(loser)
