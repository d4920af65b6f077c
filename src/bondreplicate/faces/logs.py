"""The daemon's log: structlog to stderr, one line per event, no passwords, no flood."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Hashable, MutableMapping
from threading import Lock
from typing import Any, TextIO

import structlog

from bondreplicate.core.redact import redact

Event = MutableMapping[str, Any]
REPEATED_EVERY_S = 30.0
TROUBLE = frozenset({"warning", "error", "critical"})
REMEMBERED_MAX = 1000


def set_up(level: str, as_json: bool | None, stream: TextIO | None = None) -> None:
    """Log to stderr from now on, as JSON where that is no terminal (or as asked for)."""
    out: TextIO = stream or sys.stderr
    terminal = out.isatty()
    as_json = not terminal if as_json is None else as_json
    last = for_machines() if as_json else for_people(colors=terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            CountRepeated(time.monotonic),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            without_passwords,
            *last,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=out),
        cache_logger_on_first_use=False,
    )
    driver = logging.getLogger("psycopg")
    driver.handlers, driver.propagate = [FromDriver()], False


class FromDriver(logging.Handler):
    """What psycopg logs, as events of level debug: of what it ignores, the cause is raised."""

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        structlog.get_logger().debug("driver", logger=record.name, reason=record.getMessage())


def for_machines() -> list[Any]:
    """The end of the chain that writes JSON. Local variables hold rows: tracebacks go without."""
    return [
        structlog.processors.format_exc_info,
        without_passwords,
        structlog.processors.JSONRenderer(default=str),
    ]


def for_people(*, colors: bool) -> list[Any]:
    """The end of the chain that writes lines to read."""
    render = structlog.dev.ConsoleRenderer(
        colors=colors,
        pad_event_to=0,
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,
    )

    def line(logger: Any, method: str, event: Event) -> str:
        return redact(str(render(logger, method, event)))

    return [line]


def without_passwords(_logger: object, _method: str, event: Event) -> Event:
    """Mask passwords in every value of an event."""
    for name, value in event.items():
        event[name] = _masked(value)
    return event


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _masked(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(v) for v in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return redact(str(value))


class CountRepeated:
    """Let the first of equal warnings or errors pass, then one in a while with their number.

    Args:
        clock: monotonic seconds.
        every_s: equal ones are told again after this time, with `repeated`.
    """

    def __init__(self, clock: Callable[[], float], every_s: float = REPEATED_EVERY_S) -> None:
        self._clock = clock
        self._every_s = every_s
        self._told: dict[Hashable, tuple[float, int]] = {}
        self._lock = Lock()

    def __call__(self, _logger: object, method: str, event: Event) -> Event:
        """Let an event pass, or drop it."""
        if method not in TROUBLE:
            return event
        what = tuple(
            str(event.get(n)) for n in ("event", "link", "site", "table", "error", "reason")
        )
        now = self._clock()
        with self._lock:
            told_at, since = self._told.get(what, (None, 0))
            if told_at is not None and now - told_at < self._every_s:
                self._told[what] = (told_at, since + 1)
                raise structlog.DropEvent
            if len(self._told) >= REMEMBERED_MAX:
                self._told.clear()
            self._told[what] = (now, 0)
        if since:
            event["repeated"] = since
        return event
