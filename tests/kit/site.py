"""Sites: a database, its bondreplicate.conf, and the daemon as a process of its own.

Everything is done as a user does it: through psql, the file, and the command line.
"""

import functools
import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from subprocess import Popen
from tempfile import TemporaryFile
from typing import Any, BinaryIO

from tests.kit import zygote
from tests.kit.binaries import run_dir
from tests.kit.clusters import Database
from tests.kit.eventually import eventually

COMMAND = (sys.executable, "-m", "bondreplicate")
READY = "main loop"

_numbers = itertools.count(1)


def _environment(extra: dict[str, str] | None = None) -> dict[str, str]:
    """Nothing of the developer's own settings, warnings as errors as in the tests themselves."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "BONDREPLICATE_"))}
    return kept | {"PYTHONWARNINGS": "error", **(extra or {})}


def _all_of(file: BinaryIO) -> str:
    """What was written to a file, with the ends of lines that `text=True` gives."""
    file.seek(0)
    return file.read().decode().replace("\r\n", "\n")


@functools.cache
def createdb_sql() -> str:
    """What `bondreplicate createdb` prints."""
    done = subprocess.run(
        [*COMMAND, "createdb"], env=_environment(), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


class Site:
    """One site of a mesh.

    Args:
        number: Its site number.
        database: Its database; objects of replication are not made by this class.
        maxsites: 10 or 100.
        settings: More lines of bondreplicate.conf.

    Attributes:
        prefix: What stands before the daemon's command, `ip netns exec NAME`, say.
    """

    def __init__(
        self,
        number: int,
        database: Database,
        *,
        maxsites: int = 10,
        settings: dict[str, Any] | None = None,
    ) -> None:
        self.number = number
        self.database = database
        self.dsn = database.dsn
        self.dir = run_dir() / f"s{next(_numbers)}"
        self.dir.mkdir(mode=0o755)
        self.conf = self.dir / "bondreplicate.conf"
        self.write_conf(dsn=self.dsn, site=number, maxsites=maxsites, **(settings or {}))
        self.prefix: tuple[str, ...] = ()
        self._process: Popen[bytes] | zygote.Process | None = None

    def __repr__(self) -> str:
        return f"<Site {self.number} on {self.database.cluster.version}>"

    def write_conf(self, **settings: Any) -> None:
        """Write bondreplicate.conf anew."""
        # A JSON string, number or boolean is a TOML one too.
        lines = [f"{name} = {json.dumps(value)}\n" for name, value in settings.items()]
        self.conf.write_text("".join(lines))
        self.conf.chmod(0o600)

    # -- the daemon --------------------------------------------------------------------------

    @property
    def out(self) -> Path:
        """The daemon's standard output."""
        return self.dir / "out"

    @property
    def log(self) -> Path:
        """The daemon's log: its standard error, of all its runs."""
        return self.dir / "log"

    def start_daemon(
        self, *, wait: bool = True, failpoint: str | None = None, env: dict[str, str] | None = None
    ) -> None:
        """Start `bondreplicate` and wait for "main loop".

        Args:
            wait: False: return at once.
            failpoint: "name" or "name:n": it kills itself at the n-th pass of that point.
            env: More environment.
        """
        assert not self.is_running(), f"{self}: the daemon runs already"
        extra = (env or {}) | ({"BONDREPLICATE_FAILPOINT": failpoint} if failpoint else {})
        with self.out.open("wb") as out, self.log.open("ab") as log:
            self._process = self._start((*self.prefix, *COMMAND), out, log, _environment(extra))
        if wait:
            self.wait_ready()

    def _start(
        self, command: Sequence[str], out: BinaryIO, err: BinaryIO, env: dict[str, str]
    ) -> Popen[bytes] | zygote.Process:
        """A process in the site's directory, and in a session of its own."""
        if zygote.fits(command, env):
            return zygote.start(command, self.dir, env, out, err)
        return Popen(
            command,
            cwd=self.dir,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Wait for "main loop"."""

        def is_ready() -> bool:
            self.assert_alive()
            return READY in self.out.read_text()

        eventually(is_ready, f"{self}: the daemon prints {READY!r}", timeout_s)

    def assert_alive(self) -> None:
        """A daemon that was started and not stopped must still be there.

        Raises:
            RuntimeError: It is not; an AssertionError would be awaited.
        """
        if self._process is not None and self._process.poll() not in (None, 0):
            raise RuntimeError(f"{self}: the daemon ended:\n{self.story()}")

    def is_running(self) -> bool:
        """Whether the daemon lives."""
        return self._process is not None and self._process.poll() is None

    @property
    def daemon(self) -> Popen[bytes] | zygote.Process:
        """The daemon's process."""
        assert self._process is not None, f"{self}: the daemon was never started"
        return self._process

    def stop_daemon(self, timeout_s: float = 20) -> None:
        """Ctrl+C; it must end with status 0."""
        assert self.is_running(), f"{self}: the daemon does not run:\n{self.story()}"
        self.daemon.send_signal(signal.SIGINT)
        try:
            status = self.daemon.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self.kill9_daemon()
            raise AssertionError(f"{self}: no end after Ctrl+C:\n{self.story()}") from None
        assert status == 0, f"{self}: status {status} after Ctrl+C:\n{self.story()}"

    def kill9_daemon(self) -> None:
        """Kill the daemon without a chance to clean up."""
        self.daemon.kill()
        self.daemon.wait(10)

    def wait_failpoint(self, timeout_s: float = 60) -> None:
        """Wait until the daemon has killed itself at its fail point."""
        eventually(lambda: not self.is_running(), f"{self}: reaches its fail point", timeout_s)
        assert self.daemon.returncode == -signal.SIGKILL, self.story()

    def restart_daemon(self) -> None:
        """Stop and start."""
        self.stop_daemon()
        self.start_daemon()

    def end(self) -> None:
        """End what still runs, whatever state it is in."""
        if self.is_running():
            self.kill9_daemon()

    def story(self, lines: int = 40) -> str:
        """The end of what the daemon said."""
        told = []
        for path in (self.out, self.log):
            if path.exists():
                told += path.read_text(errors="replace").splitlines()[-lines:]
        return "\n".join(told) or "(it said nothing)"

    # -- the command line --------------------------------------------------------------------

    def cli(
        self, *args: str, check: int | None = 0, timeout_s: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a command at this site; `check` is the status it must end with, None: any."""
        command = [*COMMAND, *args]
        with TemporaryFile() as out, TemporaryFile() as err:
            process = self._start(command, out, err, _environment())
            try:
                status = process.wait(timeout_s)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(10)
                raise
            texts = [_all_of(file) for file in (out, err)]
        done = subprocess.CompletedProcess(command, status, *texts)
        assert check is None or done.returncode == check, (
            f"{self}: bondreplicate {args}: status {done.returncode}\n{done.stdout}{done.stderr}"
        )
        return done

    def cli_json(self, *args: str, check: int | None = 0) -> Any:
        """What a command prints with --json."""
        return json.loads(self.cli(*args, "--json", check=check).stdout)

    # -- the database ------------------------------------------------------------------------

    def execute(self, sql: str, params: Any = None) -> None:
        """Run a statement; without parameters, several separated by semicolons."""
        self.database.execute(sql, params)

    def query(self, sql: str, params: Any = None) -> list[tuple[Any, ...]]:
        """Rows of a query."""
        return self.database.query(sql, params)

    def value(self, sql: str, params: Any = None) -> Any:
        """The single value of a query."""
        return self.database.value(sql, params)

    def psql(self, sql: str) -> str:
        """Run SQL through psql."""
        return self.database.psql(sql)

    def conflicts(self) -> list[dict[str, Any]]:
        """Rows of replicate_error, oldest first."""
        found = self.query("select to_jsonb(e) from bondreplicate.replicate_error e order by id")
        return [row for (row,) in found]
