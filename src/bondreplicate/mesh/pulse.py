"""The pulse of a site: wakes its links when something was committed.

It costs next to nothing while nothing is.
"""

from __future__ import annotations

import threading
from collections.abc import Callable

from bondreplicate.border.database import Connection, connect, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.backoff import Backoff
from bondreplicate.errors import DatabaseError

LIMIT_S = 1.0


class Pulse:
    """A thread that watches the snapshot of the cluster, and a counter that links wait for."""

    def __init__(self, settings: Settings, random: Callable[[], float]) -> None:
        self._settings = settings
        self._backoff = Backoff(0.2, 5, random)
        self._changed = threading.Condition()
        self._beats = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def stop(self) -> None:
        """Wake everybody and end."""
        self._stop.set()
        self.beat()
        self._thread.join(timeout=LIMIT_S * 3)

    def beat(self) -> None:
        """Wake the links."""
        with self._changed:
            self._beats += 1
            self._changed.notify_all()

    def wait(self, seen: int, timeout_s: float) -> int:
        """Wait until there was a beat after `seen`; returns the count of beats."""
        with self._changed:
            self._changed.wait_for(lambda: self._beats != seen, timeout_s)
            return self._beats

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection = connect(self._settings.dsn, role="pulse", watches=True)
                with connection:
                    self._watch(connection)
            except DatabaseError:
                # Links notice for themselves that the site is gone, and say so.
                self._stop.wait(self._backoff.next_s())

    def _watch(self, connection: Connection) -> None:
        known = "1:1:"
        least_s, most_s = self._settings.poll_ms_min / 1000, self._settings.poll_ms_max / 1000
        pause_s = least_s
        while not self._stop.is_set():
            args = {"known": known, "pause_s": pause_s, "pause_max_s": most_s, "limit_s": LIMIT_S}
            now = value(connection, query("wait_for_change"), args)
            self._backoff.reset()
            if now != known:
                known, pause_s = now, least_s
                self.beat()
                # A short rest lets one look serve all commits of these milliseconds.
                self._stop.wait(pause_s)
            else:
                pause_s = most_s
