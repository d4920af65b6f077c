"""PostgreSQL: connections with pinned settings, rendering of identifiers, errors as ours.

The only module that imports psycopg.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, LiteralString, TypeAlias, cast

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import dict_row, namedtuple_row, tuple_row
from psycopg.sql import SQL, Composable, Composed, Identifier, Literal

from bondreplicate.border.sqlfiles import query
from bondreplicate.errors import BondError, DatabaseError, TransientError, class_of

__all__ = [
    "MUTED",
    "SQL",
    "Composable",
    "Composed",
    "Connection",
    "Identifier",
    "Literal",
    "PsycopgError",
    "cancel",
    "commit_with",
    "connect",
    "dicts",
    "dsn_mistake",
    "execute",
    "execute_all",
    "execute_for_each",
    "in_transaction",
    "joined",
    "pin",
    "raw",
    "render",
    "rows",
    "set_local",
    "set_session",
    "stream",
    "transaction",
    "value",
]

Connection: TypeAlias = psycopg.Connection[Any]
WATCH_S = 5.0
MESSAGE_BYTES = 1 << 20
PsycopgError = psycopg.Error

PINNED: Mapping[str, str] = {
    "search_path": "pg_catalog",
    "datestyle": "ISO, YMD",
    "intervalstyle": "postgres",
    "timezone": "UTC",
    "bytea_output": "hex",
    "extra_float_digits": "3",
    "lc_monetary": "C",
    "xmlbinary": "base64",
    "xmloption": "content",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "client_connection_check_interval": "2s",
    "transaction_timeout": "0",
    "lock_timeout": "0",
    "row_security": "off",
    "jit": "off",
    "standard_conforming_strings": "on",
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "transform_null_equals": "off",
    "quote_all_identifiers": "off",
    "array_nulls": "on",
    "backslash_quote": "safe_encoding",
    "timezone_abbreviations": "Default",
    "gin_fuzzy_search_limit": "0",
    "default_table_access_method": "heap",
    "restrict_nonsystem_relation_kind": "",
    "debug_parallel_query": "off",
    "force_parallel_mode": "off",
}
"""What values look like as text, and what our own SQL means, must not depend on the role, the
database or the server. Those that a server does not know are passed over."""

MUTED: Mapping[str, str] = {"session_replication_role": "replica"}
"""Event triggers of users stay silent while objects of ours are made, but for those that their
owner marked ENABLE ALWAYS or ENABLE REPLICA. Nothing that such a session writes has a trigger."""

KEEPALIVE: Mapping[str, str] = {
    "connect_timeout": "10",
    "keepalives": "1",
    "keepalives_idle": "5",
    "keepalives_interval": "2",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""A cut cable is noticed within about 15 seconds. What the DSN says goes first."""

KEEPALIVE_THERE: Mapping[str, str] = {
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "15000",
}
"""The same at the server's end, which holds locks as long as it believes that we are there."""


class _Watcher(psycopg.Connection[Any]):
    """Sleeps while a query takes its time: psycopg looks for Ctrl+C ten times a second."""

    def wait(self, *args: Any, **options: Any) -> Any:
        return super().wait(*args, **{"interval": WATCH_S, **options})


def connect(
    dsn: str,
    *,
    role: str,
    autocommit: bool = True,
    timeout_s: int | None = None,
    watches: bool = False,
) -> Connection:
    """Connect, with settings pinned.

    Args:
        dsn: given to libpq as it is.
        role: what the connection is for; shown as application_name `bondreplicate <role>`.
        autocommit: False where a transaction is to begin with the first statement.
        timeout_s: for people who wait for an answer: less than KEEPALIVE says, 2 at the least.
        watches: for a thread, not the main one, whose queries sleep at the server all the time.

    Raises:
        TransientError: not reachable now. DatabaseError: refused (password, no such database).
    """
    try:
        given = conninfo_to_dict(dsn)
        patience = {} if timeout_s is None else {"connect_timeout": str(max(2, timeout_s))}
        extra = {k: v for k, v in ({**KEEPALIVE, **patience}).items() if k not in given}
        name = f"bondreplicate {role}"[:63]
        kind = _Watcher if watches else psycopg.Connection[Any]
        connection = kind.connect(
            dsn,
            autocommit=autocommit,
            application_name=name,
            client_encoding="utf8",
            prepare_threshold=2,
            **extra,  # type: ignore[arg-type]
        )
    except psycopg.Error as error:
        raise refused(error) from error
    connection.prepared_max = 1000
    with translated():
        pin(connection)
    return connection


def pin(connection: Connection) -> None:
    """Pin the settings of the session, for its whole life."""
    settings = {**PINNED, **KEEPALIVE_THERE}
    connection.execute(query("session_set"), (list(settings), list(settings.values())))


def set_local(connection: Connection, setting: LiteralString, to: str) -> None:
    """Change a setting for the rest of the transaction."""
    execute(connection, query("transaction_set"), (setting, to))


def set_session(connection: Connection, settings: Mapping[str, str]) -> None:
    """Change settings for the rest of the session."""
    execute(connection, query("session_set"), (list(settings), list(settings.values())))


TO_DO = (
    ("password authentication failed", "correct the user or the password of the dsn"),
    ("no password supplied", "put the password into ~/.pgpass, or into the dsn"),
    ("no pg_hba.conf entry", "let the role in: pg_hba.conf of that server, then pg_reload_conf()"),
    ("permission denied for database", "grant connect on that database to the role"),
    ('database "', "correct dbname in the dsn, or create the database"),
    ('role "', "correct user in the dsn, or create the role"),
    ("connection option", "correct the dsn: keywords as libpq knows them"),
    ("resolve host", "correct host in the dsn"),
    ("failed: No such file", "start that server, or correct host and port in the dsn"),
    ("Connection refused", "start that server, or correct host and port in the dsn"),
    ("timeout expired", "check host and port in the dsn, and the network"),
)
"""What to do about a refusal, by what libpq or the server says; the first that fits."""


def refused(error: psycopg.Error) -> DatabaseError:
    """A failure to connect as one of ours: the server's own words, on one line."""
    words = " ".join(str(error).split())
    state = error.sqlstate
    transient = (state is None and not _is_final(words)) or (state or "")[:2] in ("57", "53", "08")
    hint = next((todo for sign, todo in TO_DO if sign in words), "")
    found = (TransientError if transient else DatabaseError)(words, hint=hint, sqlstate=state)
    found.connecting = True
    return found


def _is_final(words: str) -> bool:
    """Whether a refusal that comes without SQLSTATE (libpq gives none at connect) will last."""
    signs = ("password authentication failed", "does not exist", "no password supplied",
             "invalid connection option", "missing \"=\"", "no pg_hba.conf entry",
             "is not permitted to log in", "invalid integer value", "invalid port")  # fmt: skip
    return any(sign in words for sign in signs)


def dsn_mistake(dsn: str) -> str:
    """What libpq would not understand in a DSN; "" where nothing."""
    try:
        conninfo_to_dict(dsn)
    except psycopg.Error as error:
        return " ".join(str(error).split())
    return ""


def same_database(dsn: str, other: str) -> bool:
    """Whether two DSNs say the same server and database, as far as they say it themselves."""
    try:
        first, second = conninfo_to_dict(dsn), conninfo_to_dict(other)
    except psycopg.Error:
        return dsn == other
    if not {"host", "hostaddr"} & first.keys():
        return dsn == other
    wheres = [
        (d.get("host"), d.get("hostaddr"), d.get("port", "5432"), d.get("dbname", d.get("user")))
        for d in (first, second)
    ]
    return wheres[0] == wheres[1]


@contextmanager
def translated() -> Iterator[None]:
    """Turn psycopg's errors into ours, keeping SQLSTATE, message and hint."""
    try:
        yield
    except psycopg.Error as error:
        raise ours(error) from error


def ours(error: psycopg.Error) -> BondError:
    """A psycopg error as one of ours, by SQLSTATE."""
    diag = error.diag
    words = diag.message_primary or " ".join(str(error).split()) or type(error).__name__
    detail = f": {diag.message_detail}" if diag.message_detail else ""
    return class_of(error.sqlstate)(
        words + detail, hint=diag.message_hint or "", sqlstate=error.sqlstate
    )


def render(template: LiteralString, **parts: Composable) -> Composed:
    """Fill the {placeholders} of a template with identifiers, literals or composed SQL."""
    return sql.SQL(template).format(**parts)


def joined(separator: LiteralString, parts: Sequence[Composable]) -> Composed:
    """Parts of a statement, with a separator between them."""
    return sql.SQL(separator).join(parts)


def raw(fragment: str) -> SQL:
    """SQL that the server itself has quoted (a type's name, an index expression, an operator)."""
    return sql.SQL(cast("LiteralString", fragment))


def rows(
    connection: Connection, statement: LiteralString | Composed, args: Any = None
) -> list[Any]:
    """All rows of a query, as named tuples."""
    with translated(), connection.cursor(row_factory=namedtuple_row) as cursor:
        return cursor.execute(statement, args).fetchall()


def dicts(
    connection: Connection, statement: LiteralString | Composed, args: Any = None
) -> list[dict[str, Any]]:
    """All rows of a query, as dictionaries."""
    with translated(), connection.cursor(row_factory=dict_row) as cursor:
        return cursor.execute(statement, args).fetchall()


def value(connection: Connection, statement: LiteralString | Composed, args: Any = None) -> Any:
    """First column of the first row of a query; None where there is no row."""
    with translated(), connection.cursor(row_factory=tuple_row) as cursor:
        row = cursor.execute(statement, args).fetchone()
        return row[0] if row else None


def execute(connection: Connection, statement: LiteralString | Composed, args: Any = None) -> int:
    """Run a statement; how many rows it touched."""
    with translated():
        return connection.execute(statement, args).rowcount


def execute_all(connection: Connection, statements: Iterable[Composed]) -> None:
    """Run statements without parameters, a megabyte to a message: one wait on the network for each.

    On an autocommit connection, what is in a message is one transaction.
    """
    chunk: list[bytes] = []
    size = 0
    with translated():
        for statement in statements:
            chunk.append(statement.as_bytes(connection))
            size += len(chunk[-1])
            if size >= MESSAGE_BYTES:
                connection.execute(_together(chunk))
                chunk, size = [], 0
        if chunk:
            connection.execute(_together(chunk))


def _together(statements: list[bytes]) -> bytes:
    """Several statements as one text; a comment at the end of one ends with its line."""
    return b"\n;\n".join(statements)


def execute_for_each(
    connection: Connection, statement: LiteralString, many: Sequence[dict[str, Any]]
) -> None:
    """Run a statement for each of many sets of parameters, without a wait on the network for each.

    On an autocommit connection they are one transaction.
    """
    if many:
        with translated(), connection.cursor() as cursor:
            cursor.executemany(statement, many)


def in_transaction(connection: Connection) -> bool:
    """Whether a transaction is open in the session."""
    return connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE


def cancel(connection: Connection) -> None:
    """End the statement that a session is at, from another thread; it fails with 57014."""
    with suppress(psycopg.Error):
        connection.cancel_safe(timeout=2)


@contextmanager
def transaction(connection: Connection, begin: LiteralString = "begin") -> Iterator[None]:
    """A transaction on an autocommit connection; rolled back on any error."""
    with translated():
        connection.execute(begin)
        try:
            yield
        except BaseException:
            if not connection.closed:
                connection.rollback()
            raise
        connection.commit()


def commit_with(
    connection: Connection, *statements: LiteralString, args: Any = None
) -> list[dict[str, Any]]:
    """Execute the last statements of a transaction and COMMIT, all in one message.

    What they lock is let go though this end, or the network, goes away while they work: the server
    waits for nobody in between. If one fails the others and the COMMIT are passed over, and the
    transaction is left to its owner to roll back.

    Args:
        connection: in a transaction.
        statements: those before the last take no parameters.
        args: parameters of the last.

    Returns:
        The rows of the last statement.
    """
    *first, last = statements
    with translated(), connection.cursor(row_factory=dict_row) as cursor:
        with connection.pipeline():
            for statement in first:
                connection.execute(statement)
            cursor.execute(last, args)
            # Never prepared: who watches the wire finds its name there.
            connection.execute("COMMIT", prepare=False)
        return cursor.fetchall()


def stream(
    connection: Connection, statement: LiteralString | Composed, args: Any = None
) -> Generator[tuple[Any, ...]]:
    """Rows of a query, some at a time, through a cursor of the server; in a transaction."""
    with transaction(connection), connection.cursor("bond_stream", row_factory=tuple_row) as cursor:
        cursor.itersize = 2000
        yield from cursor.execute(statement, args)
