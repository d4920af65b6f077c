"""Load at all sites at once: pgbench's TPC-B, watched live, and a probe that measures the lag."""

from __future__ import annotations

import re
import subprocess
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.live import Live

from bondreplicate.border.database import Connection, rows, value
from bondreplicate.border.sqlfiles import text
from bondreplicate.errors import BondError, DatabaseError
from bondreplicate.faces.demo.screen import Screen, table
from bondreplicate.faces.demo.sites import Site

RATE = 60
"""Transactions a second at each site: what two busy cores do for three sites and the demo."""
CLIENTS = 2
LOOK_S = 0.5
PROBE_PAUSE_S = 0.05
PROBE_POLL_S = 0.001
ARRIVAL_S = 20.0


@dataclass(frozen=True)
class Done:
    """What pgbench says of its run at a site."""

    site: int
    transactions: int
    tps: float


@contextmanager
def writing(site: Site) -> Iterator[None]:
    """Clients write at a site meanwhile.

    Raises:
        DatabaseError: they were disturbed.
    """
    process = _pgbench(site, 600)
    try:
        yield
        if process.poll() is not None:
            raise DatabaseError(f"pgbench at site {site.number}: {_told(process)}")
    finally:
        process.terminate()
        process.communicate()


def _pgbench(site: Site, seconds: int) -> subprocess.Popen[str]:
    args = ["-n", "-T", str(seconds), "-c", str(CLIENTS), "-j", "1", "-R", str(RATE)]
    return site.start("pgbench", *args, site.dsn, stdin=subprocess.DEVNULL)


def _told(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate()
    return " ".join(f"{out} {err}".split())


def _done(site: Site, process: subprocess.Popen[str]) -> Done:
    """The end of pgbench.

    Raises:
        DatabaseError: a transaction of it failed, or it could not run at all.
    """
    told = _told(process)
    found = re.search(r"transactions actually processed: (\d+).* tps = ([\d.]+)", told)
    if process.returncode or not found or "aborted" in told:
        raise DatabaseError(f"pgbench at site {site.number}: {told}")
    return Done(site.number, int(found[1]), float(found[2]))


Link = tuple[int, int]
"""Origin and target."""


@dataclass
class Probe:
    """At each site, writes one row after the other and looks until the other sites show it.

    arrivals_s: for each link, seconds from the return of COMMIT until a SELECT finds the row.
    late: arrivals that were given up. failed: why a site could not be asked.
    """

    sites: Sequence[Site]
    arrivals_s: dict[Link, list[float]] = field(default_factory=lambda: defaultdict(list))
    late: int = 0
    failed: str = ""
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Probe:
        for site in self.sites:
            thread = threading.Thread(target=self._run, args=(site.number,), daemon=True)
            self._threads.append(thread)
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(ARRIVAL_S)

    def _run(self, origin: int) -> None:
        try:
            with ExitStack() as stack:
                open_ = {s.number: stack.enter_context(s.connect()) for s in self.sites}
                while not self._stop.is_set():
                    self._send(open_, origin)
                    self._stop.wait(PROBE_PAUSE_S)
        except BondError as error:
            self.failed = error.message

    def _send(self, open_: Mapping[int, Connection], origin: int) -> None:
        row = {"id": value(open_[origin], text("demo", "probe_write"))}
        written_s = time.monotonic()
        awaited = [target for target in open_ if target != origin]
        while awaited:
            for target in list(awaited):
                if value(open_[target], text("demo", "probe_seen"), row):
                    self.arrivals_s[origin, target].append(time.monotonic() - written_s)
                    awaited.remove(target)
            if time.monotonic() - written_s > ARRIVAL_S:
                self.late += len(awaited)
                return
            time.sleep(PROBE_POLL_S)


def decide_percentile(values: Sequence[float], percent: float) -> float:
    """The least value that at least so many percent of the values do not exceed."""
    ordered = sorted(values)
    place = -(-len(ordered) * percent // 100)  # rounded up
    return ordered[max(0, int(place) - 1)]


def run(sites: Sequence[Site], seconds: int, screen: Screen) -> tuple[list[Done], Probe]:
    """TPC-B at every site at once, with a live table of the links.

    Raises:
        DatabaseError: pgbench failed somewhere.
    """
    deadline = time.monotonic() + seconds
    running = [(site, _pgbench(site, seconds)) for site in sites]
    with Probe(sites) as probe, ExitStack() as stack:
        open_ = {site.number: stack.enter_context(site.connect()) for site in sites}
        board = Board(open_)
        live = Live(board.draw(), console=screen.console, auto_refresh=False)
        with live:
            while any(process.poll() is None for _, process in running):
                if time.monotonic() > deadline + ARRIVAL_S:
                    raise DatabaseError(f"pgbench does not end after {seconds} s")
                time.sleep(LOOK_S)
                live.update(board.draw(probe), refresh=screen.console.is_terminal)
        if not screen.console.is_terminal:
            screen.tell("")  # rich leaves the line open there
    return [_done(site, process) for site, process in running], probe


class Board:
    """The live table: what has arrived on each link, and how fast."""

    def __init__(self, open_: Mapping[int, Connection]) -> None:
        self._open = open_
        self._before: dict[Link, Any] = {}
        self._before_s = time.monotonic()

    def draw(self, probe: Probe | None = None) -> Any:
        """The table as of now."""
        now = {
            (row.origin, target): row
            for target, connection in self._open.items()
            for row in rows(connection, text("demo", "links"))
        }
        now_s = time.monotonic()
        lines = [self._line(link, row, now_s, probe) for link, row in sorted(now.items())]
        self._before, self._before_s = now, now_s
        heads = ["link", "lag ms", "probe ms", "rows/s", "rows", "conflicts found at target"]
        return table(heads, lines)

    def _line(self, link: Link, row: Any, now_s: float, probe: Probe | None) -> list[Any]:
        before = self._before.get(link)
        seconds = max(0.001, now_s - self._before_s)
        speed = 0.0 if before is None else (row.rows - before.rows) / seconds
        lag_ms = None if row.lag_s is None else row.lag_s * 1000
        arrived = probe.arrivals_s.get(link) if probe else None
        seen_ms = arrived[-1] * 1000 if arrived else None
        name = f"{link[0]}->{link[1]}"
        return [name, lag_ms, seen_ms, speed, row.rows, row.conflicts]
