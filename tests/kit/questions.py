"""Questions that tests ask again and again, through sessions that are kept for them.

A test that waits for something asks fifty times a second. A session for each question cost more
than all else that the tests did.
"""

import contextlib
import re
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import psycopg

# A session that was asked anything else would not be as new for the next one.
LEAVES_NOTHING = re.compile(r"\s*select\b(?!.*(set_config|advisory|currval|lastval|setval))", re.S)

_idle: dict[str, list[psycopg.Connection]] = defaultdict(list)


def ask(dsn: str, sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
    """Rows of a query, in a session of its own or in one that only asked such questions."""
    if not LEAVES_NOTHING.match(sql.lower()):
        with psycopg.connect(dsn, autocommit=True) as connection:
            return connection.execute(sql, params).fetchall()
    with contextlib.suppress(IndexError, psycopg.OperationalError):
        # The server may have been stopped or killed since: then it is asked anew.
        return _asked(dsn, _idle[dsn].pop(), sql, params)
    return _asked(dsn, psycopg.connect(dsn, autocommit=True), sql, params)


def _asked(
    dsn: str, connection: psycopg.Connection, sql: str, params: Sequence[Any] | None
) -> list[tuple[Any, ...]]:
    try:
        rows = connection.execute(sql, params).fetchall()
    except BaseException:
        connection.close()
        raise
    _idle[dsn].append(connection)
    return rows


def hang_up(start_of_dsn: str) -> None:
    """Close the sessions of a server or a database: one that stops "smart" waits for them."""
    for dsn in [dsn for dsn in _idle if dsn.startswith(start_of_dsn)]:
        for connection in _idle.pop(dsn):
            connection.close()
