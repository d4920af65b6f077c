"""The sites of the demo, made by the procedure of the manual: psql, files, pg_dump, daemons."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from bondreplicate.border.database import Connection, connect, execute, rows, value
from bondreplicate.border.settings import Settings, load
from bondreplicate.border.sqlfiles import text
from bondreplicate.errors import DatabaseError, TransientError
from bondreplicate.faces.demo.postgres import PORT, Cluster, environment
from bondreplicate.mesh.wait import wait_for_peers
from bondreplicate.site.schema import createdb_sql

DATABASE = "shop"
SCALE = "6"
"""As many branches as clients write: pgbench's own advice."""
READY_S = 30.0
SETTLE_S = 60.0


@dataclass
class Site:
    """One master: server, database, bondreplicate.conf, daemon."""

    number: int
    cluster: Cluster
    daemon: subprocess.Popen[bytes] | None = None
    clients: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def dir(self) -> Path:
        """Where its configuration and its logs are."""
        return self.cluster.place

    @property
    def dsn(self) -> str:
        """For applications at this site."""
        return dsn_at(self.cluster.own)

    @property
    def net_dsn(self) -> str:
        """For the other sites."""
        return dsn_at(self.cluster.net)

    @property
    def config(self) -> Path:
        """Its configuration."""
        return self.dir / "bondreplicate.conf"

    @property
    def settings(self) -> Settings:
        """What its configuration says."""
        return load(self.config, {}, self.dir).settings

    def connect(self) -> closing[Connection]:
        """A connection of an application."""
        return closing(connect(self.dsn, role="demo"))

    def execute(self, name: str, args: Any = None) -> int:
        """Run `sql/demo/<name>.sql`; how many rows it touched."""
        with self.connect() as connection:
            return execute(connection, text("demo", name), args)

    def rows(self, name: str, args: Any = None) -> list[Any]:
        """Rows of `sql/demo/<name>.sql`."""
        with self.connect() as connection:
            return rows(connection, text("demo", name), args)

    # -- programs ----------------------------------------------------------------------------

    def run(self, program: str, *args: str, sql: str | None = None) -> str:
        """Run a program of PostgreSQL to its end.

        Raises:
            DatabaseError: it failed.
        """
        with self.start(program, *args) as process:
            out, err = process.communicate(sql)
        if process.returncode:
            raise DatabaseError(f"{program} at site {self.number}: {' '.join(err.split())}")
        return out

    def start(self, program: str, *args: str, stdin: IO[str] | int | None = None) -> Any:
        """Start a program of PostgreSQL; it ends with the demo at the latest."""
        process = subprocess.Popen(
            [str(self.cluster.programs / program), *args],
            env=environment(),
            stdin=subprocess.PIPE if stdin is None else stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        self.clients = [p for p in self.clients if p.poll() is None] + [process]
        return process

    def psql(self, sql: str) -> None:
        """Feed psql."""
        self.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", self.dsn, sql=sql)

    # -- the daemon --------------------------------------------------------------------------

    def write_config(self) -> None:
        """Write bondreplicate.conf."""
        # A JSON string is a TOML one too.
        self.config.write_text(f"dsn = {json.dumps(self.dsn)}\nsite = {self.number}\n")
        self.config.chmod(0o600)

    def start_daemon(self) -> None:
        """Run `bondreplicate`; wait_daemon() waits until it has begun."""
        command = [sys.executable, "-m", "bondreplicate", "--config", str(self.config), "run"]
        with (self.dir / "out").open("wb") as out, (self.dir / "daemon.log").open("ab") as log:
            self.daemon = subprocess.Popen(
                command,
                cwd=self.dir,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=log,
                start_new_session=True,  # as the servers
            )

    def wait_daemon(self) -> None:
        """Wait for `main loop`.

        Raises:
            TransientError: it does not come.
        """
        deadline = time.monotonic() + READY_S
        while "main loop" not in (self.dir / "out").read_text():
            if self.daemon is None or self.daemon.poll() is not None:
                raise TransientError(
                    f"the daemon of site {self.number} has ended", hint=self.last_words()
                )
            if time.monotonic() > deadline:
                raise TransientError(
                    f"the daemon of site {self.number} is not ready", hint=self.last_words()
                )
            time.sleep(0.02)

    def last_words(self) -> str:
        """The end of the daemon's log."""
        log = self.dir / "daemon.log"
        lines = log.read_text(errors="replace").splitlines() if log.exists() else []
        return " / ".join(lines[-3:])

    def stop_daemon(self) -> int | None:
        """Ctrl+C; the status it ended with."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self.daemon is None or self.daemon.poll() is not None:
                break
            self.daemon.send_signal(number)
            try:
                self.daemon.wait(15)
            except subprocess.TimeoutExpired:
                continue
        return self.daemon.returncode if self.daemon else None

    def end(self) -> None:
        """End everything that runs here, whatever state it is in."""
        for process in self.clients:
            if process.poll() is None:
                process.kill()
                process.wait()
        self.stop_daemon()
        self.cluster.stop()

    # -- the network -------------------------------------------------------------------------

    def unplug(self) -> None:
        """Take the socket for other sites away, and cut what is connected to it."""
        (self.cluster.net / f".s.PGSQL.{PORT}").rename(self.cluster.net / "unplugged")
        with self.connect() as connection:
            while value(connection, text("demo", "cut_peers")):
                time.sleep(0.02)

    def plug(self) -> None:
        """Put the socket back."""
        unplugged = self.cluster.net / "unplugged"
        if unplugged.exists():
            unplugged.rename(self.cluster.net / f".s.PGSQL.{PORT}")


def dsn_at(socket: Path) -> str:
    """The database by the directory of a socket."""
    return f"host={socket} port={PORT} dbname={DATABASE} user=postgres"


@contextmanager
def unplugged(sites: Sequence[Site]) -> Iterator[None]:
    """No connection reaches these sites from another one."""
    try:
        for site in sites:
            site.unplug()
        yield
    finally:
        for site in sites:
            site.plug()


# -- the procedure ---------------------------------------------------------------------------


def make_clusters(sites: Sequence[Site]) -> None:
    """Initialise and start all servers at once."""
    with ThreadPoolExecutor(len(sites)) as pool:
        list(pool.map(lambda site: site.cluster.make(), sites))
    for site in sites:
        site.cluster.start()
        own = f"host={site.cluster.own} port={PORT} dbname=postgres user=postgres"
        site.run("createdb", "--maintenance-db", own, DATABASE)


def fill(site: Site) -> None:
    """The user's database at the first site: the shop, and the tables of pgbench."""
    site.psql(text("demo", "shop"))
    site.run("pgbench", "-i", "-q", "-I", "dtGvp", "-s", SCALE, site.dsn)
    site.psql(text("demo", "history_key"))


def install(site: Site, sites: Sequence[Site]) -> None:
    """Psql -f createdb.sql, replicate_hosts, bondreplicate.conf at the first site."""
    (site.dir / "createdb.sql").write_text(createdb_sql())
    site.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(site.dir / "createdb.sql"),
             site.dsn)  # fmt: skip
    with site.connect() as connection:
        for host in sites:
            args = {"site": host.number, "name": f"site{host.number}", "dsn": host.net_dsn}
            execute(connection, text("demo", "host"), args)


def copy(source: Site, target: Site) -> None:
    """pg_dump shop | psql -h other shop.

    Raises:
        DatabaseError: one of the two failed.
    """
    dump = source.start("pg_dump", source.dsn, stdin=subprocess.DEVNULL)
    load = target.start("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", target.dsn, stdin=dump.stdout)
    dump.stdout.close()
    _, told = load.communicate()
    failed = dump.stderr.read()
    if dump.wait() or load.returncode:
        raise DatabaseError(
            f"pg_dump | psql to site {target.number}: {' '.join((told + failed).split())}"
        )


def settle(sites: Sequence[Site]) -> float:
    """Wait until everything is everywhere and every log is empty; how many seconds it took.

    Raises:
        TransientError: it takes too long.
    """
    started = time.monotonic()
    with ThreadPoolExecutor(len(sites)) as pool:
        arrivals = pool.map(lambda site: wait_for_peers(site.settings, SETTLE_S), sites)
        late = [arrival for there in arrivals for arrival in there if not arrival.arrived]
    if late:
        raise TransientError(
            f"site {late[0].site} is not in step after {SETTLE_S:.0f} s: {late[0].reason}"
        )
    took_s = time.monotonic() - started
    while left := sum(site.rows("left")[0].entries for site in sites):
        if time.monotonic() - started > SETTLE_S:
            raise TransientError(f"the log still holds {left} entries after {SETTLE_S:.0f} s")
        time.sleep(0.1)
    return took_s
