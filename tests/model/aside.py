"""How a batch is merged, and the other way to park: changes that lie aside, outside of memory.

With `remember_parked` a state that cannot be shown is stored and remembered like any other, and
only what users see stays behind. Without, it lies aside, its origin's position moves on all the
same, and it is merged again with the next batch of that origin: that is here to show what is lost.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from tests.model.schema import Key
from tests.model.versions import OLDEST, State, knew

if TYPE_CHECKING:
    from tests.model.site import Batch, Site


def merge(site: Site, batch: Batch) -> dict[Key, State | None]:
    """Merge a batch. Returns what was stored before of the keys that came."""
    if site.rules.remember_parked:
        for truncate in batch.truncates:
            site.clear(truncate)
        for state in batch.states:
            site.contest(state)
        return {}
    fresh = {s.key for s in batch.states}
    again = [s for s in _take(site, batch) if s.key not in fresh]
    states = [*again, *(s for s in batch.states if not _lay_held(site, batch, s))]
    before = {s.key: site.store.get(s.key) for s in states}
    truncates = [*site.aside_truncates.pop(batch.origin, []), *batch.truncates]
    kept = [t for t in truncates if t.table in site.held]
    site.aside_truncates[batch.origin] = kept
    early: list[State] = []
    if not site.rules.truncate_first:
        for state in again:
            site.contest(state)
            if (stored := site.store.get(state.key)) and stored.write == state.write:
                early.append(state)
    for truncate in truncates:
        if truncate.table not in site.held:
            site.clear(truncate)
    for state in early:
        site.put(state)
    for state in states if site.rules.truncate_first else states[len(again) :]:
        site.contest(state)
    return before


def _take(site: Site, batch: Batch) -> list[State]:
    found = [s for (o, k), s in site.aside.items() if o == batch.origin and k[0] not in site.held]
    for state in found:
        del site.aside[batch.origin, state.key]
    return found if site.rules.keep_vector else [replace(s, seen=batch.seen) for s in found]


def _lay_held(site: Site, batch: Batch, state: State) -> bool:
    if state.key[0] in site.held:
        site.aside[batch.origin, state.key] = state
    return state.key[0] in site.held


def lay_aside(site: Site, batch: Batch, before: dict[Key, State | None]) -> None:
    """Take back what could not be shown."""
    for key in site.parked() & before.keys():
        state, old = site.store[key], before[key]
        if state.source[0] == site.number:
            continue
        site.aside[batch.origin, key] = state
        if old is None:
            del site.store[key]
        else:
            site.store[key] = old


def forget_aside(site: Site) -> None:
    """Drop what lies aside and has been superseded, before what superseded it is forgotten."""
    for (origin, key), state in list(site.aside.items()):
        known = site.remembered(key)
        if known and known.version and known.version > (state.version or OLDEST):
            if site.rules.keep_vector and not knew(known, state):
                site.ledger.log(state.write)
            del site.aside[origin, key]
