"""Types what a page shows, into as many terminals as it needs."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.kit import Cluster, eventually


class Terminal:
    """A prompt. Each block is a bash of its own that begins where the last one left off."""

    def __init__(self, name: str, home: Path, cluster: Cluster) -> None:
        self.name = name
        self._home = home
        self._cluster = cluster
        self._state = home / f".where-{name or 'first'}"
        self._state.write_text(str(home))
        self._out = home / f".out-{name or 'first'}"
        self._process: subprocess.Popen[bytes] | None = None

    def type(self, block: str) -> None:
        """Type a block, and press return."""
        script = f"trap 'pwd > \"{self._state}\"' EXIT\n{block}"
        with self._out.open("wb") as out:
            self._process = subprocess.Popen(
                ["bash", "-e", "-o", "pipefail", "-c", script],
                cwd=self._state.read_text().strip(),
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PG", "BONDREPLICATE_"))}
        paths = [str(Path(sys.executable).parent), str(self._cluster.postgres.bindir)]
        return kept | {
            "PATH": ":".join([*paths, kept["PATH"]]),
            "PGHOST": str(self._cluster.dir),
            "PGPORT": str(self._cluster.port),
            "PGUSER": "postgres",
        }

    @property
    def shown(self) -> str:
        """What is to be seen of the last block."""
        return self._out.read_text()

    @property
    def busy(self) -> bool:
        """Whether there is no prompt."""
        return self._process is not None and self._process.poll() is None

    def wait_prompt(self, timeout_s: float = 60) -> None:
        """Wait until the block has ended, well."""
        assert self._process is not None
        self._process.wait(timeout_s)
        assert self._process.returncode == 0, f"status {self._process.returncode}\n{self.shown}"

    def ctrl_c(self) -> None:
        """Press Ctrl+C and wait for the prompt."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGINT)
        eventually(lambda: not self.busy, f"{self.name}: the prompt after Ctrl+C")

    def close(self) -> None:
        """End what still runs."""
        if self.busy and self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)


def fits(shown: str, said: str) -> bool:
    """Whether what is seen is what the page says; `...` stands for anything within a line."""
    pattern = ".*".join(re.escape(part) for part in said.strip().split("..."))
    return re.fullmatch(pattern, shown.strip()) is not None
