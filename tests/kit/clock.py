"""A server's clock, set by the test, through libfaketime where it is installed."""

import math
import os
import time
from pathlib import Path

from tests.kit.eventually import pause

_PLACES = (
    "/usr/lib/*/faketime/libfaketimeMT.so.1",
    "/usr/lib/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
)


def faketime_library() -> str | None:
    """Path of libfaketime, or None: tests with wrong clocks then say that they are skipped."""
    for place in _PLACES:
        found = sorted(Path("/").glob(place.removeprefix("/")))
        if found:
            return str(found[0])
    return None


class Clock:
    """The clock of one server: an offset that can be changed while the server runs.

    Args:
        path: File that libfaketime reads at a process's first look at the clock in each second.
        offset: What the clock is wrong by: "+1h", "-90s", "+0".
    """

    def __init__(self, path: Path, offset: str) -> None:
        library = faketime_library()
        if library is None:
            raise RuntimeError("libfaketime is not installed (Debian: apt-get install faketime)")
        self.path = path
        self.env = {
            "LD_PRELOAD": library,
            "FAKETIME_TIMESTAMP_FILE": str(path),
            # Read at every look, it is read by signal handlers too. To open a file takes memory: a
            # handler that does it in the middle of malloc() ends the server.
            "FAKETIME_CACHE_DURATION": "0",
            # Time-outs and waits must go on as they are: only the time of day is wrong.
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "NO_FAKE_STAT": "1",
        }
        self._write(offset)

    def set(self, offset: str) -> None:
        """Set the clock, for all the server's processes, by the next second of the true clock."""
        self._write(offset)
        pause(math.floor(time.time()) + 1.01 - time.time())

    def _write(self, offset: str) -> None:
        # Renamed into place: a half-written file would be read as no offset at all.
        fresh = self.path.with_name(self.path.name + ".new")
        fresh.write_text(offset + "\n")
        fresh.chmod(0o644)
        os.replace(fresh, self.path)  # noqa: PTH105 -- the atomic one is meant
