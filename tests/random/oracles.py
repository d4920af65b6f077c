"""What must hold when a history has ended: SAME, FK0, NOLOSS, ONCE, QUIET, and who won."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.kit import checkers, eventually
from tests.random.player import Player
from tests.random.predictor import Key, Lost, describe
from tests.random.tables import KEPT

RECORDS = (
    "select table_name::text, key, kind, constraint_name::text, winner_key, winner_row, loser_row,"
    " winner_stamp, winner_site, winner_repair, loser_stamp, loser_site, loser_repair"
    " from bondreplicate.replicate_error where schema_name = %s"
)


def records(player: Player, number: int) -> Counter[tuple[Any, ...]]:
    """What a site tells of conflicts, without who found it and how it says so.

    Of its rows without counters: these are what the site that found it knew to be added by then.
    """
    tables = {t.name: t for t in player.schema.tables}
    found = player.sessions[number].execute(RECORDS, [player.name]).fetchall()
    told = Counter[tuple[Any, ...]]()
    for table, key, kind, constraint, winner_key, *rows, a, b, c, d, e, f in found:
        keys = tuple(key), kind, constraint, winner_key and tuple(winner_key)
        told[table, *keys, *(tables[table].without_counter(r) for r in rows), a, b, c, d, e, f] += 1
    return told


def judge(player: Player) -> set[str]:
    """Settle, and look at everything. Returns what the history was good for.

    Raises:
        AssertionError: Something does not hold.
    """
    assert not player.orphans, f"orphans were visible: {player.orphans[:5]}"
    player.settle()
    told = same_records(player)
    rows = player.rows(1)
    once(player, told)
    for session in player.sessions.values():
        session.execute("drop table audit cascade")
    for site in player.mesh:
        there = player.rows(site.number)
        assert there == rows, (
            f"site {site.number} differs: {set(rows.items()) ^ set(there.items())}"
        )
    checkers.assert_same(player.mesh.dsns)
    checkers.assert_no_orphans(player.mesh.dsns)
    checkers.assert_quiet(player.mesh.dsns, rounds=2, every_s=0.05)
    checkers.assert_log_empty(player.mesh.dsns)
    assert not player.orphans, f"orphans were visible: {player.orphans[:5]}"
    used = winners(player, rows, told) | sums(player)
    return used | nothing_lost(player, rows, told)


def same_records(player: Player) -> Counter[tuple[Any, ...]]:
    """Every site tells of the same conflicts, each once."""
    found: list[Counter[tuple[Any, ...]]] = []

    def are_same() -> bool:
        found[:] = [records(player, site.number) for site in player.mesh]
        differ = [(dict(told - found[0]), dict(found[0] - told)) for told in found]
        assert all(told == found[0] for told in found), f"(more, less) than at site 1: {differ}"
        return True

    eventually(are_same, "all sites tell of the same conflicts", 5)
    twice = [told for told, times in found[0].items() if times > 1]
    assert not twice, f"told twice: {twice}"
    return found[0]


def repaired_tables(player: Player, told: Counter[tuple[Any, ...]]) -> set[str]:
    """Tables whose rows may be others than the latest versions say: a constraint was repaired.

    What a policy decides, and what completes a row that is merged by column, are repairs too, but
    concern their row alone.
    """
    by_row = {t.name for t in player.schema.tables if t.merge == "row"}
    mended = {
        t[0]
        for t in told
        if t[2] in ("unique", "foreign key") or ((t[9] or t[12]) and t[0] in by_row)
    }
    return player.schema.related(mended)


def followers(player: Player) -> tuple[set[str], dict[str, set[int]]]:
    """Tables whose keys, and columns of others by their places, may have followed a parent."""
    history, tables = player.history, {t.name: t for t in player.schema.tables}
    places = {t.name: t.plain.index("u0") for t in tables.values()}
    loose = player.schema.followers(history.moved(), history.recoded(places))
    keys = {name for name, columns in loose.items() if columns & set(tables[name].key)}
    return keys, {
        name: {n for n, c in enumerate(tables[name].plain) if c in columns}
        for name, columns in loose.items()
    }


def winners(player: Player, rows: dict[Key, Any], told: Counter[tuple[Any, ...]]) -> set[str]:
    """The predicted row of every key, where no constraint had to be repaired.

    Which row a policy leaves is not predicted: with three writers it depends on who meets whom.
    """
    history, schema = player.history, player.schema
    mended = repaired_tables(player, told)
    moved, loose = followers(player)
    merge = {t.name: t.merge for t in schema.tables}
    whole = [k for k in history.written() if k[0] not in mended | moved]
    keys = [k for k in whole if merge[k[0]] == "row"]
    wrong = history.went_back(rows, keys, loose)
    # A clock that is set back is noticed afterwards; what it had stamped is then stamped anew.
    if not player.stepped:
        wrong += history.wrong(rows, keys, loose)
        late = history.out_of_turn()
        assert not late, f"stamped before what it saw: {late[:3]}"
    wrong += history.pieced_wrong(rows, [k for k in whole if merge[k[0]] == "column"], loose)
    made = {t.name: {t.plain.index("u0")} for t in schema.tables if t.merge in KEPT}
    decided = [k for k in whole if merge[k[0]] not in ("row", "column")]
    free = {name: loose.get(name, set()) | made.get(name, set()) for name in merge}
    wrong += history.made_up(rows, decided, free)
    assert not wrong, "not the rows that won:\n" + "\n".join(wrong)
    used = {"predicted"} if any(len(history.newest(k)) > 1 for k in keys) else set()
    used |= {merge[k[0]] for k in whole if len(history.newest(k)) > 1}
    return used | ({"repaired"} if mended else set()) | ({"conflict"} if told else set())


def sums(player: Player) -> set[str]:
    """Each addition counts once, in rows that were inserted once, and never deleted.

    A repair that changes a row adds nothing to it, and one that removes it leaves nothing to look
    at; but a row that follows a parent to another key begins anew there.
    """
    counts, moved = player.counts(1), followers(player)[0]
    due = {k: n for k, n in player.history.sums().items() if k in counts and k[0] not in moved}
    wrong = {k: (counts[k], n) for k, n in due.items() if counts[k] != n}
    assert not wrong, f"counters, and what was added: {wrong}"
    adders = [{e.version[1] for e in player.history.on(k) if e.added} for k in due]
    return {"summed"} if any(len(sites) > 1 for sites in adders) else set()


def nothing_lost(player: Player, rows: dict[Key, Any], told: Counter[tuple[Any, ...]]) -> set[str]:
    """Each write is visible, seen by its successor, or in a conflict record.

    By column, or with a policy, a row that lost may be put together: then its mark tells of it.
    """
    tables = {t.name: t for t in player.schema.tables}
    lost, marks = set[Lost](), set[tuple[str, str | None]]()
    for t in told:
        table, row = tables[t[0]], t[6]
        lost.add(((t[0], t[1]), row, t[11]))
        if row and table.merge != "row":
            marks.add((t[0], row[table.plain.index("mark")]))
    # What a TRUNCATE removed is told with the row; the row may have been made anywhere.
    missing = player.history.unaccounted(rows, lost, marks)
    assert not missing, "lost:\n" + describe(missing)
    return set()


def once(player: Player, told: Counter[tuple[Any, ...]]) -> None:
    """No row is written more often at a site than users left that row behind.

    What was there only within a transaction, of a user or of a link, is written once. Not where
    rows are put together: what was there before may be there again, by another way.
    """
    made = Counter((e.key[0], e.row) for e in player.history.effects if e.row is not None)
    mended = repaired_tables(player, told)
    mended |= {t.name for t in player.schema.tables if t.counts or t.merge != "row"}
    for site in player.mesh:
        wrong = [
            (table, row, times)
            for table, row, times in player.audited(site.number)
            if table not in mended and times > max(1, made[table, row])
        ]
        assert not wrong, f"site {site.number} wrote rows more often than users did: {wrong}"
