"""Real PostgreSQL servers for tests, started in well under a second.

`initdb` runs once per version and test run; a cluster is a copy of its result with a system
identifier of its own. Servers listen on a socket in a short directory, and on a loopback port
where `tcp=True`.
"""

import contextlib
import itertools
import os
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.kit.binaries import Postgres, available, run_dir, server_user
from tests.kit.clock import Clock
from tests.kit.eventually import eventually
from tests.kit.questions import ask, hang_up
from tests.kit.sysid import give_new_system_identifier

STOP_SIGNALS = {"smart": signal.SIGTERM, "fast": signal.SIGINT, "immediate": signal.SIGQUIT}
SETTINGS = {
    "autovacuum_naptime": "5s",
    "fsync": "off",
    "full_page_writes": "off",
    "lc_messages": "C",
    "log_line_prefix": "%m [%p] %a ",
    "max_connections": "200",
    "max_prepared_transactions": "10",
    "max_wal_size": "2GB",
    "plpgsql.extra_errors": "all",
    "shared_buffers": "64MB",
    "timezone": "UTC",
    "unix_socket_permissions": "0777",
}
DURABLE = {"fsync": "on", "full_page_writes": "on"}

_numbers = itertools.count(1)
_template_lock = threading.Lock()
_templates: dict[str, Path] = {}


def _clean_env() -> dict[str, str]:
    """The environment without PG* variables: a developer's own must not leak in."""
    return {k: v for k, v in os.environ.items() if not k.startswith("PG")}


def _template(pg: Postgres) -> Path:
    """The result of `initdb`, made at the first call for a version."""
    with _template_lock:
        if pg.version not in _templates:
            data = run_dir() / f"template-{pg.version}"
            options = ["-D", str(data), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
            # Each cluster is a copy of this: of its 40 MB a segment of WAL is 16 by default.
            options += ["--locale=C", "--no-sync", "--no-instructions", "--wal-segsize=2"]
            done = subprocess.run(
                [pg.program("initdb"), *options],
                cwd="/",
                env=_clean_env(),
                capture_output=True,
                text=True,
                **server_user().popen_args(),
            )
            if done.returncode != 0:
                raise RuntimeError(f"initdb {pg.version}: {done.stdout}{done.stderr}")
            _templates[pg.version] = data
        return _templates[pg.version]


def free_port() -> int:
    """A loopback port that nothing listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Cluster:
    """One PostgreSQL server with a data directory of its own.

    Args:
        version: Major version, one of `available_versions()`.
        tcp: Listen on 127.0.0.1 too, at `self.port`.
        durable: Really write to disk: for crash tests.
        settings: Lines of postgresql.conf that replace the kit's.
        clock_offset: Start with a wrong clock, "+1h"; `self.clock.set("-5s")` steps it later.
    """

    def __init__(
        self,
        version: str = "18",
        *,
        tcp: bool = False,
        durable: bool = False,
        settings: dict[str, str] | None = None,
        clock_offset: str | None = None,
    ) -> None:
        self.postgres = available()[version]
        self.version = version
        self.port = free_port()
        self.dir = run_dir() / f"c{next(_numbers)}"
        self.data = self.dir / "data"
        self.log = self.dir / "log"
        self.dir.mkdir(mode=0o755)
        server_user().own(self.dir)
        self.clock = Clock(self.dir / "clock", clock_offset) if clock_offset else None
        self._process: subprocess.Popen[bytes] | None = None
        copy = ["cp", "-a", "--reflink=auto", str(_template(self.postgres)), str(self.data)]
        subprocess.run(copy, check=True)
        self.system_identifier = give_new_system_identifier(self.data)
        self.configure(
            {
                **SETTINGS,
                **(DURABLE if durable else {}),
                "listen_addresses": "127.0.0.1" if tcp else "",
                "port": str(self.port),
                "unix_socket_directories": str(self.dir),
                **(settings or {}),
            }
        )

    def __enter__(self) -> "Cluster":
        self.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.destroy()

    def __repr__(self) -> str:
        return f"<Cluster {self.version} {self.dir}>"

    def configure(self, settings: dict[str, str]) -> None:
        """Append to postgresql.conf; call `reload` or `restart` where the server runs."""
        with (self.data / "postgresql.conf").open("a") as conf:
            conf.writelines(f"{name} = '{value}'\n" for name, value in settings.items())

    # -- the server's life -------------------------------------------------------------------

    def start(self, timeout_s: float = 60) -> None:
        """Start the server and wait until it takes connections."""
        assert not self.is_running(), f"{self} runs already"
        env = _clean_env() | (self.clock.env if self.clock else {})
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [self.postgres.program("postgres"), "-D", str(self.data)],
                cwd="/",
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C at the tests must not reach the server
                **server_user().popen_args(),
            )
        eventually(self._is_ready, f"{self} is ready\n{self.log_tail()}", timeout_s, every_s=0.005)

    def _is_ready(self) -> bool:
        if not self.is_running():
            raise RuntimeError(f"{self} did not start:\n{self.log_tail()}")
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            return len(lines) > 7 and lines[0] == str(self.pid) and lines[7].strip() == "ready"
        return False

    def is_running(self) -> bool:
        """Whether the server's first process lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the postmaster."""
        assert self._process is not None, f"{self} was never started"
        return self._process.pid

    def stop(self, mode: str = "fast", timeout_s: float = 60) -> None:
        """Stop the server: "smart", "fast" or "immediate"."""
        hang_up(self._address)
        if self.is_running() and self._process is not None:
            self._process.send_signal(STOP_SIGNALS[mode])
            self._process.wait(timeout_s)

    def kill9(self) -> None:
        """Kill all the server's processes at once, as a power cut would."""
        assert self._process is not None, f"{self} was never started"
        postmaster = psutil.Process(self.pid)
        postmaster.suspend()  # so that it starts nothing while the others are killed
        processes = [postmaster, *postmaster.children(recursive=True)]
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        self._process.wait(10)
        psutil.wait_procs(processes, timeout=10)

    def restart(self, mode: str = "fast") -> None:
        """Stop and start."""
        self.stop(mode)
        self.start()

    def reload(self) -> None:
        """Make the server read its configuration again."""
        os.kill(self.pid, signal.SIGHUP)

    @contextlib.contextmanager
    def down(self, mode: str = "fast") -> Iterator[None]:
        """The server is not there inside the block."""
        self.stop(mode)
        try:
            yield
        finally:
            self.start()

    def destroy(self) -> None:
        """Stop the server and remove its files."""
        self.stop("immediate")
        shutil.rmtree(self.dir, ignore_errors=True)

    def log_tail(self, lines: int = 60) -> str:
        """The last lines of the server's log."""
        if not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    # -- clients -----------------------------------------------------------------------------

    @property
    def socket_path(self) -> str:
        """The server's socket, for a proxy in front of it."""
        return str(self.dir / f".s.PGSQL.{self.port}")

    def dsn(self, db: str = "postgres", *, user: str = "postgres", tcp: bool = False) -> str:
        """Connection string for libpq."""
        address = f"host=127.0.0.1 port={self.port} " if tcp else self._address
        return f"{address}dbname={db} user={user}"

    @property
    def _address(self) -> str:
        return f"host={self.dir} port={self.port} "

    def connect(self, db: str = "postgres", *, user: str = "postgres") -> psycopg.Connection:
        """A connection in autocommit mode."""
        return psycopg.connect(self.dsn(db, user=user), autocommit=True)

    def execute(self, sql: str, params: Sequence[Any] | None = None, db: str = "postgres") -> None:
        """Run a statement; without parameters, several separated by semicolons."""
        with self.connect(db) as connection:
            connection.execute(sql, params)

    def query(
        self, sql: str, params: Sequence[Any] | None = None, db: str = "postgres"
    ) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return ask(self.dsn(db), sql, params)

    def createdb(self, name: str, template: str | None = None) -> str:
        """Make a database and return its connection string."""
        self.execute(f'create database "{name}"' + (f' template "{template}"' if template else ""))
        return self.dsn(name)

    def dropdb(self, name: str) -> None:
        """Drop a database, its connections included."""
        hang_up(self.dsn(name))

        def is_dropped() -> bool:
            # FORCE waits for five seconds; a busy machine may take longer to end a session.
            try:
                self.execute(f'drop database if exists "{name}" with (force)')
            except psycopg.errors.ObjectInUse as still_there:
                raise AssertionError(still_there) from None
            return True

        eventually(is_dropped, f"database {name} is dropped", 60)

    def run(
        self, program: str, *args: str, stdin: str | None = None, check: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run a client program of this version (psql, pg_dump, pgbench) against this server."""
        env = _clean_env() | {"PGHOST": str(self.dir), "PGPORT": str(self.port)}
        done = subprocess.run(
            [self.postgres.program(program), *args],
            env=env | {"PGUSER": "postgres"},
            input=stdin,
            capture_output=True,
            text=True,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{program} {args}: exit {done.returncode}\n{done.stderr}")
        return done

    def psql(self, db: str, sql: str = "", *, file: str | Path | None = None) -> str:
        """Run SQL as a person does, from a text or a file; stops at the first error."""
        args = ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-d", db]
        done = self.run("psql", *args, "-f", str(file) if file else "-", stdin=sql)
        return done.stdout

    def pg_dump(self, db: str, *args: str) -> str:
        """A dump of a database, as SQL, without the random key that recent versions put in."""
        dump = self.run("pg_dump", *args, db).stdout
        return "".join(
            line
            for line in dump.splitlines(keepends=True)
            if not line.startswith(("\\restrict ", "\\unrestrict "))
        )

    def pgbench(self, db: str, *args: str) -> str:
        """Run pgbench to its end and return its report."""
        return self.run("pgbench", *args, db).stdout


class Database:
    """A database of its own in a cluster, made when this is."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.dsn = cluster.createdb(name)

    def connect(self) -> psycopg.Connection:
        """A connection in autocommit mode."""
        return self.cluster.connect(self.name)

    def execute(self, sql: str, params: Sequence[Any] | None = None) -> None:
        """Run a statement; without parameters, several separated by semicolons."""
        self.cluster.execute(sql, params, db=self.name)

    def query(self, sql: str, params: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.cluster.query(sql, params, db=self.name)

    def value(self, sql: str, params: Sequence[Any] | None = None) -> Any:
        """The single value of a query."""
        [(value,)] = self.query(sql, params)
        return value

    def psql(self, sql: str = "", *, file: str | Path | None = None) -> str:
        """Run SQL through psql."""
        return self.cluster.psql(self.name, sql, file=file)

    def drop(self) -> None:
        """Drop it, its connections included."""
        self.cluster.dropdb(self.name)


_shared: dict[str, Cluster] = {}


def shared_cluster(version: str = "18") -> Cluster:
    """A running cluster for tests that need no more than a database of their own."""
    if version not in _shared or not _shared[version].is_running():
        _shared[version] = Cluster(version)
        _shared[version].start()
    return _shared[version]


def destroy_run() -> None:
    """Stop the shared clusters and remove every file of this run."""
    for cluster in _shared.values():
        cluster.stop("immediate")
    _shared.clear()
    shutil.rmtree(run_dir(), ignore_errors=True)
