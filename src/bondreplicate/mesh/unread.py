"""Tables that cannot be read at the origin of a link: they wait, and all others go on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from bondreplicate.core.backoff import Backoff
from bondreplicate.core.mapping import Mapped
from bondreplicate.core.redact import redact
from bondreplicate.core.snapshot import NOTHING
from bondreplicate.errors import DatabaseError, TransientError
from bondreplicate.site.extract import Extractor
from bondreplicate.site.tables import Tables
from bondreplicate.site.unread import list_unread, note_unread, send_unread

FIRST_S, CAP_S = 2.0, 60.0
HINT = "let the role of `dsn` read the table (privileges, row security); it is tried again"

Warn = Callable[..., None]


class Unread:
    """What one link is not sent, because it cannot be read.

    Args:
        extractor: of the link.
        site: its target.
        position: that the target holds.
        warn: logs an event with facts; the link's name is among them.
        random: 0 to 1.
    """

    def __init__(
        self,
        extractor: Extractor,
        site: int,
        position: str | None,
        warn: Warn,
        random: Callable[[], float],
    ) -> None:
        self.extractor, self.site, self._warn = extractor, site, warn
        self.tabs = list_unread(extractor.connection, site, position or NOTHING)
        self._backoff = Backoff(FIRST_S, CAP_S, random)
        self._due_s = time.monotonic()

    def wait_s(self, most_s: float) -> float:
        """How long to wait for something to send, `most_s` at most, before one is tried again."""
        return min(most_s, max(0.0, self._due_s - time.monotonic())) if self.tabs else most_s

    def find(self, tabs: Iterable[int], since: str | None) -> bool:
        """See which of these tables cannot be read, after they could not all be.

        Keys that are none any more are taken out of the log; a table that cannot be read all the
        same is passed over from now on.

        Returns:
            Whether there was anything: what is left can be sent.
        """
        found = False
        for tab in tabs:
            if self._why(since, tab) is None:
                continue
            found = True
            name = self.extractor.name_of(tab)
            if (why := self._without_bad_keys(since, tab, name)) is not None:
                note_unread(self.extractor.connection, tab, self.site, since or NOTHING, why)
                self.tabs[tab] = since or NOTHING
                self._due_s = time.monotonic() + self._backoff.next_s()
                self._warn("table_not_read", table=name, reason=redact(why), hint=HINT)
        return found

    def _without_bad_keys(self, since: str | None, tab: int, name: str) -> str | None:
        try:
            gone = self.extractor.put_aside(tab)
        except TransientError:
            raise
        except DatabaseError as error:
            return error.message
        for key, why in gone.items():
            self._warn(
                "key_not_read",
                table=name,
                key=key,
                reason=redact(why),
                hint="a delete of it is not sent: `bondreplicate verify` shows where a row is left",
            )
        return self._why(since, tab)

    def _why(self, since: str | None, tab: int) -> str | None:
        try:
            self.extractor.read(since, tab)
        except TransientError:
            raise
        except DatabaseError as error:
            return error.message
        return None

    def retry(self, tables: Tables, mapped: Mapping[int, Mapped]) -> None:
        """Where it is time: log anew what was passed over of tables that can be read again."""
        if not self.tabs or time.monotonic() < self._due_s:
            return
        for tab, since in list(self.tabs.items()):
            if tab not in mapped or tab not in tables.shapes:
                continue
            self.extractor.prepare(tables, mapped, [tab])
            if self._why(since, tab) is None:
                sent = send_unread(self.extractor.connection, tab, self.site)
                del self.tabs[tab]
                self._warn("table_read_again", table=self.extractor.name_of(tab), entries=sent)
        self._due_s = time.monotonic() + self._backoff.next_s()
        if not self.tabs:
            self._backoff.reset()
