"""Wait for a condition with a stated reason; never sleep and hope."""

import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def pause(seconds: float) -> None:
    """Let time pass between two looks at something."""
    threading.Event().wait(seconds)


def eventually(
    condition: Callable[[], T], what: str, timeout_s: float = 20, every_s: float = 0.02
) -> T:
    """Wait until `condition()` is true and return what it returned.

    An AssertionError raised by the condition counts as "not yet", so that a checker can be
    awaited; any other exception is passed on at once.

    Args:
        condition: Looked at again and again; anything true ends the wait.
        what: What is awaited, in words, for the failure message.
        timeout_s: How long to wait at most.
        every_s: Pause between two looks.

    Raises:
        AssertionError: It did not come true; says what was awaited and the last value.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        last: object
        try:
            value = condition()
            if value:
                return value
            last = value
        except AssertionError as not_yet:
            last = not_yet
        if time.monotonic() >= deadline:
            raise AssertionError(f"not within {timeout_s:g} s: {what}; last: {last!r}")
        pause(every_s)
