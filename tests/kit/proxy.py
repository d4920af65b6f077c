"""A TCP proxy in front of a server: cuts, delays, half-opens and loses answers.

It listens on loopback and forwards to a host and port or to a unix socket. Each direction of a
connection has a reader and a writer with a queue between them, so that a delay costs time and not
throughput.

A blackhole holds bytes back as a pulled cable does: the connection stays, nothing is lost, and
what was under way arrives when the cable is back. The kernel of this machine still answers
keepalives, so only a time-out of the application notices it.
"""

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from tests.kit.clusters import Cluster

CHUNK = 65536
QUEUE_CHUNKS = 64


@dataclass
class LostAnswer:
    """What `lose_answer_to` waits for: a request with `pattern` whose answer the client misses."""

    pattern: bytes
    hang: bool
    left: int
    lost: threading.Event = field(default_factory=threading.Event)

    def wait(self, timeout_s: float = 20) -> None:
        """Wait until an answer has been lost."""
        assert self.lost.wait(timeout_s), f"no answer to {self.pattern!r} within {timeout_s} s"


class Proxy:
    """A proxy for `target`: a cluster, a socket's path, or a host and port."""

    def __init__(self, target: Cluster | str | tuple[str, int]) -> None:
        self.target = target.socket_path if isinstance(target, Cluster) else target
        self.bytes_forwarded = 0
        self.connections_accepted = 0
        self.delay_s = 0.0
        self.lost_answer: LostAnswer | None = None
        self.flows = threading.Event()
        self.flows.set()
        self._lock = threading.Lock()
        self._pipes: set[_Pipe] = set()
        self._refuses = False
        self._closed = False
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def dsn(self, db: str = "postgres", *, user: str = "postgres") -> str:
        """Connection string for libpq that leads through the proxy."""
        return f"host=127.0.0.1 port={self.port} dbname={db} user={user}"

    def close(self) -> None:
        """End the proxy and all its connections."""
        self._closed = True
        self.flows.set()
        _close(self._listener)
        self.cut()

    @property
    def connections(self) -> int:
        """How many connections are open now."""
        with self._lock:
            return len(self._pipes)

    # -- faults ------------------------------------------------------------------------------

    def cut(self) -> int:
        """Close every open connection, and return how many; new ones are taken as before."""
        with self._lock:
            pipes = list(self._pipes)
        for pipe in pipes:
            pipe.close()
        return len(pipes)

    @contextlib.contextmanager
    def refusing(self) -> Iterator[None]:
        """Open connections are cut, new ones are closed before the first byte."""
        self._refuses = True
        self.cut()
        try:
            yield
        finally:
            self._refuses = False

    @contextlib.contextmanager
    def blackhole(self) -> Iterator[None]:
        """Nothing passes in either direction, nothing is closed, new connections are taken."""
        self.flows.clear()
        try:
            yield
        finally:
            self.flows.set()

    @contextlib.contextmanager
    def delay(self, one_way_ms: float) -> Iterator[None]:
        """Every byte takes this much longer, in each direction."""
        self.delay_s = one_way_ms / 1000
        try:
            yield
        finally:
            self.delay_s = 0.0

    @contextlib.contextmanager
    def lose_answer_to(
        self, pattern: bytes, *, times: int = 1, hang: bool = False
    ) -> Iterator[LostAnswer]:
        """Let a request that contains `pattern` through, and lose the server's answer to it.

        The server has done what it was asked for (`COMMIT`, say), and the client cannot know:
        its connection is cut, or with `hang=True` stays open and silent.
        """
        self.lost_answer = LostAnswer(pattern, hang, times)
        try:
            yield self.lost_answer
        finally:
            self.lost_answer = None

    # -- the work ----------------------------------------------------------------------------

    def _accept(self, listener: socket.socket) -> None:
        while not self._closed:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            self.connections_accepted += 1
            if self._refuses or self._closed:
                _close(client)
                continue
            try:
                server = self._connect()
            except OSError:
                _close(client)
                continue
            with self._lock:
                pipe = _Pipe(self, client, server)
                self._pipes.add(pipe)
            pipe.start()

    def _connect(self) -> socket.socket:
        if isinstance(self.target, tuple):
            return socket.create_connection(self.target)
        server = socket.socket(socket.AF_UNIX)
        server.connect(self.target)
        return server

    def forget(self, pipe: "_Pipe") -> None:
        """A connection has ended."""
        with self._lock:
            self._pipes.discard(pipe)


class _Pipe:
    """One connection through the proxy."""

    def __init__(self, proxy: Proxy, client: socket.socket, server: socket.socket) -> None:
        self.proxy = proxy
        self.client = client
        self.server = server
        self.losing: LostAnswer | None = None
        self.closed = False
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def start(self) -> None:
        for source, sink in ((self.client, self.server), (self.server, self.client)):
            chunks: queue.Queue[tuple[float, bytes]] = queue.Queue(QUEUE_CHUNKS)
            for work, end in ((self._read, source), (self._write, sink)):
                threading.Thread(target=work, args=(end, chunks), daemon=True).start()

    def close(self) -> None:
        self.closed = True
        self.proxy.forget(self)
        _close(self.client)
        _close(self.server)

    def _read(self, source: socket.socket, chunks: queue.Queue[tuple[float, bytes]]) -> None:
        """Take bytes in with the time they are due; an empty chunk is the end."""
        while True:
            try:
                chunk = source.recv(CHUNK)
            except OSError:
                chunk = b""
            chunks.put((time.monotonic() + self.proxy.delay_s, chunk))
            if not chunk:
                return

    def _write(self, sink: socket.socket, chunks: queue.Queue[tuple[float, bytes]]) -> None:
        """Hand bytes on when they are due; the end of one direction ends the connection."""
        kept = b""
        while not self.closed:
            due, chunk = chunks.get()
            threading.Event().wait(max(0.0, due - time.monotonic()))
            self.proxy.flows.wait()
            if not chunk:
                break
            if sink is self.server:
                kept = self._watch(kept, chunk)
            elif self.losing is not None:
                self._lose(self.losing)
                continue
            try:
                sink.sendall(chunk)
            except OSError:
                break
            self.proxy.bytes_forwarded += len(chunk)
        self.close()
        # A reader that waits for room in the queue must be let go.
        while not chunks.empty():
            chunks.get()

    def _watch(self, kept: bytes, chunk: bytes) -> bytes:
        """Look for the request whose answer is to be lost; returns what a later chunk may end."""
        wanted = self.proxy.lost_answer
        if wanted is None or wanted.left <= 0:
            return b""
        seen = kept + chunk
        if wanted.pattern in seen:
            wanted.left -= 1
            self.losing = wanted
            return b""
        return seen[max(0, len(seen) - len(wanted.pattern) + 1) :]

    def _lose(self, losing: LostAnswer) -> None:
        if not losing.hang:
            self.close()
        losing.lost.set()


def _close(end: socket.socket) -> None:
    # shutdown() wakes the thread that reads from it; close() alone does not.
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    end.close()
