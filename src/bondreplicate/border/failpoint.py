"""Places where a test may kill the process.

`BONDREPLICATE_FAILPOINT=name:n` kills it at the n-th pass of `name`.
"""

from __future__ import annotations

import os
import signal
from collections import Counter

_passes: Counter[str] = Counter()


def reach(name: str) -> None:
    """Pass a point; die by SIGKILL, as in a crash, where the environment says so."""
    wanted = os.environ.get("BONDREPLICATE_FAILPOINT")
    if not wanted:
        return
    point, _, nth = wanted.partition(":")
    if point == name:
        _passes[name] += 1
        if _passes[name] == int(nth or 1):
            os.kill(os.getpid(), signal.SIGKILL)
