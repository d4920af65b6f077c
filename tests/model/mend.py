"""Repairs: new versions of rows that break a constraint together. They look at what is stored."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from tests.model.schema import Action, ForeignKey, Key, Row, Value
from tests.model.versions import NOTHING, OLDEST, State, Version, knew

if TYPE_CHECKING:
    from tests.model.site import Site

ROUNDS_MAX = 200


def mend(site: Site) -> set[Key]:
    """Write repairs until none is due. Returns the keys repaired."""
    repaired: set[Key] = set()
    for _ in range(ROUNDS_MAX):
        more = _mend_clashes(site) | _mend_orphans(site)
        if not more:
            return repaired
        repaired |= more
    raise RuntimeError("repairs do not end")


def give_up(site: Site, keys: Iterable[Key]) -> set[Key]:
    """Remove rows that will never be shown anywhere; they are logged, whole."""
    for key in keys:
        site.ledger.given_up += 1
        site.ledger.log(site.store[key].write)
        _repair(site, site.store[key], None)
    return set(keys)


def waits(site: Site, one: State, other: State) -> bool:
    """Whether a broken pair is not due: one maker knew the other, so something newer is coming."""
    return site.rules.wait_for_known and (knew(one, other) or knew(other, one))


def live(site: Site) -> dict[Key, Row]:
    """The rows stored."""
    return {k: s.row for k, s in site.store.items() if s.row is not None}


def next_repair(version: Version) -> Version:
    """Just above: any later write of a user wins, and who mends alike versions alike."""
    return version._replace(repair=version.repair + 1)


def _repair(
    site: Site, old: State, row: Row | None, merged: Key | None = None, keeps: int = 0
) -> Key:
    """Write a version just above the one it replaces; a fresh one where that is forgotten."""
    if old.version is None:
        site.floor += 1
        version = Version(site.floor, site.number, 1)
    else:
        version = next_repair(old.version)
    write = site.ledger.write([keeps], user=False)
    source = (site.number, site.last)
    site.put(State(old.key, version, row, source, NOTHING, write, merged))
    if site.rules.send_repairs:
        site.made[old.key] = site.last
    return old.key


def _mend_clashes(site: Site) -> set[Key]:
    """The later row stays, the other is removed; from the latest row downwards."""
    rows = live(site)
    if not any(True for _ in site.schema.clashes(rows)):
        return set()
    repaired: set[Key] = set()
    kept: list[State] = []
    digest = site.rules.digest
    order = sorted(
        (site.store[k] for k in rows), key=lambda s: (s.rank(digest)[0], s.key), reverse=True
    )
    for state in order:
        assert state.row is not None
        winner = next(
            (
                k
                for k in kept
                if k.key[0] == state.key[0]
                and site.schema.clash(k.key, rows[k.key], state.row)
                and not waits(site, k, state)
            ),
            None,
        )
        if winner is None:
            kept.append(state)
            continue
        site.ledger.log_repair(state, winner)
        into = winner.key if site.rules.follow_merged else None
        repaired.add(_repair(site, state, None, into))
    return repaired


def _mend_orphans(site: Site) -> set[Key]:
    repaired: set[Key] = set()
    rows = live(site)
    for key, fk in sorted(site.schema.orphans(rows), key=lambda o: o[0]):
        child = site.store[key]
        if key in repaired or child.row is None:
            continue
        values = site.schema.parent_values(fk, child.row)
        assert values is not None
        gone = _removed_parent(site, fk, values)
        if gone is None or gone.key in repaired:
            continue
        # A code may have been found at a third row, which was replaced meanwhile: do not wait.
        by_key = fk.refers == site.schema.tables[fk.parent].key
        if by_key and waits(site, child, gone):
            continue
        repaired |= _mend_orphan(site, child, gone, fk)
    return repaired


def _removed_parent(site: Site, fk: ForeignKey, values: tuple[Value, ...]) -> State | None:
    """What became of the row that a child refers to; None: it has not arrived."""
    if fk.refers == site.schema.tables[fk.parent].key:
        return site.remembered((fk.parent, values))
    key = site.schema.parent_key(fk, values, site.shown)
    return site.store.get(key) if key else None


def _mend_orphan(site: Site, child: State, gone: State, fk: ForeignKey) -> set[Key]:
    assert child.row is not None
    into = successor(site, gone)
    log = site.ledger
    if into == "unknown":
        return set()
    if gone.row is not None:
        into = gone  # It has another code now, and children follow: two could ask for two codes.
    if isinstance(into, State):
        assert into.row is not None
        return _rewrite(site, child, fk, tuple(into.row[c] for c in fk.refers), child.write)
    action = effective(site, child, fk, gone.key)
    if action is Action.CASCADE:
        log.log_repair(child, gone)
        return {_repair(site, child, None)}
    if action in (Action.SET_NULL, Action.SET_DEFAULT):
        if site.rules.log_set_null:
            log.log_repair(child, gone)
        value = None if action is Action.SET_NULL else fk.default
        return _rewrite(site, child, fk, (value,) * len(fk.columns), 0)
    before, write = site.shown.get(gone.key), site.shows.get(gone.key, 0)
    if before is None and gone.key in site.replaced:
        before, write = site.replaced[gone.key].row, site.replaced[gone.key].write
    if before is None:
        return set()  # A site that still has the parent will send it.
    log.log_repair(gone, child)
    return {_repair(site, gone, before, keeps=write)}


def _rewrite(
    site: Site, child: State, fk: ForeignKey, values: tuple[Value, ...], keeps: int
) -> set[Key]:
    """A child refers to something else; where that is part of its key, it moves to another."""
    assert child.row is not None
    row = {**child.row, **dict(zip(fk.columns, values, strict=True))}
    key = site.schema.tables[child.key[0]].key_of(row)
    if key == child.key:
        return {_repair(site, child, row, keeps=keeps)}
    there = site.remembered(key)
    gone = _repair(site, child, None, key)
    version = site.store[gone].version
    assert version is not None
    if there is not None and there.row is not None and (there.version or OLDEST) > version:
        site.ledger.log(child.write)
        return {gone}
    if there is not None:
        site.ledger.log(there.write)
        version = max(version, next_repair(there.version or OLDEST))
    absent = site.shows.get(key, 0) if there is None else 0
    write = site.ledger.write([keeps, absent], user=False)
    site.put(State(key, version, row, (site.number, site.last), NOTHING, write))
    if site.rules.send_repairs:
        site.made[key] = site.last
    return {gone, key}


def successor(site: Site, gone: State) -> State | str | None:
    """Where a row lives on that was merged into another; None: nowhere."""
    passed = {gone.key}
    while gone.merged is not None and gone.merged not in passed:
        passed.add(gone.merged)
        after = site.remembered(gone.merged)
        if after is None:
            return "unknown"
        if after.row is not None:
            return after
        gone = after
    return None


def effective(site: Site, child: State, fk: ForeignKey, gone: Key) -> Action:
    """What ON DELETE can do with a child: what the server would refuse, a repair cannot.

    Nor does a repair cascade to what a repair has written: else one that brings a row back,
    because children of its own need it, and one that removes it would take turns for ever.
    """
    repaired = child.version is not None and child.version.repair > 0
    if fk.action is Action.CASCADE and site.rules.cascade_spares and repaired:
        return Action.RESTRICT
    if not site.rules.refuse_like_server:
        return fk.action
    table = site.schema.tables[child.key[0]]
    if fk.action is Action.SET_NULL and site.schema.refuses_null(table, fk.columns):
        return Action.RESTRICT
    if fk.action is Action.SET_DEFAULT:
        values = tuple(fk.default for _ in fk.columns)
        there = site.schema.parent_key(fk, values, live(site))
        return Action.SET_DEFAULT if there not in (None, gone) else Action.RESTRICT
    return fk.action
