"""What must hold when a history has ended: SAME, FK0, NOLOSS, ONCE, QUIET, and who won."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.kit import checkers, eventually
from tests.random.player import Player
from tests.random.predictor import Key, describe

RECORDS = (
    "select table_name::text, key, kind, constraint_name::text, winner_key, winner_row, loser_row,"
    " winner_stamp, winner_site, winner_repair, loser_stamp, loser_site, loser_repair"
    " from bondreplicate.replicate_error where schema_name = %s"
)


def records(player: Player, number: int) -> Counter[tuple[Any, ...]]:
    """What a site tells of conflicts, without who found it and how it says so."""
    found = player.sessions[number].execute(RECORDS, [player.name]).fetchall()
    return Counter(tuple(tuple(v) if isinstance(v, list) else v for v in row) for row in found)


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
    return winners(player, rows, told) | nothing_lost(player, rows, told)


def same_records(player: Player) -> Counter[tuple[Any, ...]]:
    """Every site tells of the same conflicts, each once."""
    found: list[Counter[tuple[Any, ...]]] = []

    def are_same() -> bool:
        found[:] = [records(player, site.number) for site in player.mesh]
        assert all(told == found[0] for told in found), [dict(told - found[0]) for told in found]
        return True

    eventually(are_same, "all sites tell of the same conflicts", 5)
    twice = [told for told, times in found[0].items() if times > 1]
    assert not twice, f"told twice: {twice}"
    return found[0]


def repaired_tables(player: Player, told: Counter[tuple[Any, ...]]) -> set[str]:
    """Tables whose rows may be others than the latest versions say: a constraint was repaired."""
    mended = {t[0] for t in told if t[2] in ("unique", "foreign key") or t[9] or t[12]}
    return player.schema.related(mended)


def followers(player: Player) -> tuple[set[str], dict[str, set[int]]]:
    """Tables whose keys, and columns of others by their places, may have followed a parent."""
    history, tables = player.history, {t.name: t for t in player.schema.tables}
    places = {t.name: list(t.columns).index("u0") for t in tables.values()}
    loose = player.schema.followers(history.moved(), history.recoded(places))
    keys = {name for name, columns in loose.items() if columns & set(tables[name].key)}
    return keys, {
        name: {n for n, c in enumerate(tables[name].columns) if c in columns}
        for name, columns in loose.items()
    }


def winners(player: Player, rows: dict[Key, Any], told: Counter[tuple[Any, ...]]) -> set[str]:
    """The predicted row of every key, where no constraint had to be repaired."""
    history = player.history
    mended = repaired_tables(player, told)
    moved, loose = followers(player)
    keys = [k for k in history.written() if k[0] not in mended | moved]
    wrong = history.went_back(rows, keys, loose)
    # A clock that is set back is noticed afterwards; what it had stamped is then stamped anew.
    if not player.stepped:
        wrong += history.wrong(rows, keys, loose)
        late = history.out_of_turn()
        assert not late, f"stamped before what it saw: {late[:3]}"
    assert not wrong, "not the rows that won:\n" + "\n".join(wrong)
    used = {"predicted"} if any(len(history.newest(k)) > 1 for k in keys) else set()
    return used | ({"repaired"} if mended else set()) | ({"conflict"} if told else set())


def nothing_lost(player: Player, rows: dict[Key, Any], told: Counter[tuple[Any, ...]]) -> set[str]:
    """Every committed state is visible, or replaced by one who saw it, or recorded."""
    lost = {((t[0], t[1]), t[6], t[11]) for t in told}
    # What a TRUNCATE removed is told with the row; the row may have been made anywhere.
    missing = player.history.unaccounted(rows, lost)
    assert not missing, "lost:\n" + describe(missing)
    return set()


def once(player: Player, told: Counter[tuple[Any, ...]]) -> None:
    """No row is written more often at a site than users left that row behind.

    What was there only within a transaction, of a user or of a link, is written once.
    """
    made = Counter((e.key[0], e.row) for e in player.history.effects if e.row is not None)
    mended = repaired_tables(player, told)
    for site in player.mesh:
        wrong = [
            (table, row, times)
            for table, row, times in player.audited(site.number)
            if table not in mended and times > max(1, made[table, row])
        ]
        assert not wrong, f"site {site.number} wrote rows more often than users did: {wrong}"
