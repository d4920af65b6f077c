"""Meshes that many histories share: each history has tables of its own in them."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

from tests.kit import Mesh, faketime_library, make_mesh

VERSIONS = {2: ("18", "15"), 3: ("18", "16", "15")}
HISTORIES_MAX = {False: 150, True: 8}
"""A clock that was an hour ahead is felt for hours: such a mesh is soon replaced."""
SETTINGS = {"tables_every_s": 0.2, "clock_ahead_max_s": 4 * 3600.0}

_names = itertools.count(1)


@dataclass
class _Lent:
    mesh: Mesh
    histories: int = 0


class Meshes:
    """Makes meshes when they are first asked for, and ends them."""

    def __init__(self) -> None:
        self._made: dict[tuple[int, bool], _Lent] = {}

    def borrow(self, sites: int, clocks: bool) -> Mesh:
        """A mesh that nothing is under way in."""
        kind = sites, clocks
        lent = self._made.get(kind)
        if lent and lent.histories >= HISTORIES_MAX[clocks]:
            self.discard(sites, clocks)
        if kind not in self._made:
            options = {"clock_offset": "+0"} if clocks else None
            mesh = make_mesh(
                VERSIONS[sites], proxies=True, settings=SETTINGS, cluster_options=options
            )
            self._made[kind] = _Lent(mesh)
        self._made[kind].histories += 1
        return self._made[kind].mesh

    def discard(self, sites: int, clocks: bool) -> None:
        """End a mesh that may be in any state."""
        lent = self._made.pop((sites, clocks), None)
        if lent:
            lent.mesh.end()

    def end(self) -> None:
        """End all."""
        for kind in list(self._made):
            self.discard(*kind)


def new_name() -> str:
    """A name for the tables of a history, never used before."""
    return f"h{next(_names)}"


def has_clocks() -> bool:
    """Whether the clock of a server can be set."""
    return faketime_library() is not None
