"""What users see: all that is stored, but for what would break a constraint now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.model.schema import ForeignKey, Key, Row
from tests.model.versions import OLDEST

if TYPE_CHECKING:
    from tests.model.site import Site


def project(site: Site) -> None:
    """Show what is stored. What cannot stand yet stays as it was shown, and is tried again."""
    shown = dict(site.shown)
    changed: set[Key] = set()
    for key, state in site.store.items():
        stays = key[0] in site.held or (state.row and site.refuses(key, state.row))
        if state.row != shown.get(key) and not stays:
            changed.add(key)
            _set(shown, key, state.row)
    while culprit := _culprit(site, shown, changed) if changed else None:
        changed.remove(culprit)
        _set(shown, culprit, site.shown.get(culprit))
    site.shown = shown
    for key, state in site.store.items():
        if state.row == shown.get(key):
            site.shows[key] = state.write


def _set(rows: dict[Key, Row], key: Key, row: Row | None) -> None:
    if row is None:
        rows.pop(key, None)
    else:
        rows[key] = row


def _culprit(site: Site, shown: dict[Key, Row], changed: set[Key]) -> Key | None:
    """A change without which less is broken."""
    for key, fk in site.schema.orphans(shown):
        return key if key in changed else _parent_before(site, key, fk, shown)
    for pair in site.schema.clashes(shown):
        return max((k for k in pair if k in changed), key=lambda k: _version(site, k))
    return None


def _parent_before(site: Site, child: Key, fk: ForeignKey, shown: dict[Key, Row]) -> Key:
    values = site.schema.parent_values(fk, shown[child])
    assert values is not None
    parent = site.schema.parent_key(fk, values, site.shown)
    assert parent is not None, "a row that was shown had no parent"
    return parent


def _version(site: Site, key: Key) -> tuple[object, Key]:
    return site.store[key].version or OLDEST, key
