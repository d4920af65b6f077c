"""A server that says it is PostgreSQL 12: as much of the protocol as it takes to be asked."""

import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def _message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


READY = _message(b"Z", b"I")
GREETING = (
    _message(b"R", struct.pack("!i", 0))
    + _message(b"S", b"server_version\x0012.22\x00")
    + _message(b"S", b"client_encoding\x00UTF8\x00")
    + _message(b"S", b"standard_conforming_strings\x00on\x00")
    + READY
)
ANSWERS = {b"P": _message(b"1"), b"B": _message(b"2"), b"D": _message(b"n"),
           b"E": _message(b"C", b"SELECT 0\x00"), b"S": READY}  # fmt: skip


def _receive(link: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        more = link.recv(size - len(data))
        if not more:
            raise ConnectionError
        data += more
    return data


def _serve(link: socket.socket) -> None:
    with link, suppress(ConnectionError, OSError):
        while True:
            (size,) = struct.unpack("!i", _receive(link, 4))
            (code,) = struct.unpack("!i", _receive(link, size - 4)[:4])
            if code >> 16 == 3:
                break
            link.sendall(b"N")  # neither TLS nor GSSAPI
        link.sendall(GREETING)
        while (kind := _receive(link, 1)) != b"X":
            (size,) = struct.unpack("!i", _receive(link, 4))
            _receive(link, size - 4)
            link.sendall(ANSWERS.get(kind, b""))


@contextmanager
def postgresql_12() -> Iterator[str]:
    """Connection string of a server that answers every query with nothing."""
    with socket.create_server(("127.0.0.1", 0)) as door:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    link, _ = door.accept()
                    threading.Thread(target=_serve, args=[link], daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield f"host=127.0.0.1 port={door.getsockname()[1]} dbname=shop user=u"
        with suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)
