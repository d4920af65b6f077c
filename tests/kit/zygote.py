"""Python processes that need not import the program: forked from one that has.

Half the processor time of a short test would go into loading the same modules for each daemon and
each command. What is forked is a process of its own all the same: its own arguments, directory,
environment and files, a session of its own if wanted, and an end of its own, told to who started
it. What a new interpreter would read from the environment by itself (PYTHON*, LD_*, TZ, LC_*) must
be what the tests have themselves; `fits()` says so.
"""

import contextlib
import functools
import gc
import json
import os
import pkgutil
import runpy
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

OWN = ("BONDREPLICATE_", "PG")
"""Variables that only the program itself reads, when it runs."""


class Process:
    """A forked process, with the face of a `subprocess.Popen` as far as the kit needs it."""

    def __init__(self, args: Sequence[str], told: socket.socket) -> None:
        self.args, self._told = list(args), told
        self.returncode: int | None = None
        told.settimeout(_START_S)
        self.pid = int(self._line())

    def _line(self) -> str:
        line = b""
        while not line.endswith(b"\n"):
            byte = self._told.recv(1)
            if not byte:
                raise RuntimeError(f"{self.args}: what forks processes has ended")
            line += byte
        return line.decode()

    def poll(self) -> int | None:
        """Its status, once it has ended."""
        if self.returncode is None and select.select([self._told], [], [], 0)[0]:
            self.returncode = int(self._line())
            self._told.close()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end.

        Raises:
            subprocess.TimeoutExpired: It has not ended.
        """
        if self.returncode is None:
            select.select([self._told], [], [], timeout)
        if (status := self.poll()) is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        """Signal it, if it has not ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """Kill it."""
        self.send_signal(signal.SIGKILL)


def fits(command: Sequence[str], env: Mapping[str, str]) -> bool:
    """Whether `start()` can do what a new process would."""
    mine = {k: v for k, v in os.environ.items() if not k.startswith(OWN)}
    wanted = {k: v for k, v in env.items() if not k.startswith(OWN)}
    return command[0] == sys.executable and wanted == mine | _STRICT


def start(command: Sequence[str], cwd: Path, env: Mapping[str, str], out: Any, err: Any) -> Process:
    """Start a Python program, as `Popen(…, stdin=DEVNULL, start_new_session=True)` does."""
    mine, theirs = socket.socketpair()
    request = json.dumps([list(command[1:]), str(cwd), dict(env)]).encode()
    with theirs, Path(os.devnull).open("rb") as nothing:
        files = [theirs.fileno(), nothing.fileno(), out.fileno(), err.fileno()]
        socket.send_fds(_zygote()[1], [request], files)
        return Process(command, mine)


_STRICT = {"PYTHONWARNINGS": "error"}
_PROGRAM = "from tests.kit.zygote import main; main()"
_START_S = 60


@functools.cache
def _zygote() -> tuple[subprocess.Popen[bytes], socket.socket]:
    """What forks processes, and where to ask it; it ends with the tests, however they do."""
    mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with theirs:
        process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(theirs.fileno())],
            cwd=Path(__file__).parents[2],
            env=os.environ | _STRICT,
            stdin=subprocess.DEVNULL,
            pass_fds=[theirs.fileno()],
            start_new_session=True,
        )
    return process, mine


def end() -> None:
    """End what forks processes, at the end of the tests."""
    if _zygote.cache_info().currsize:
        process, asked = _zygote()
        asked.close()
        process.wait(10)
        _zygote.cache_clear()


def _load() -> None:
    """Import everything that daemons and commands do."""
    import bondreplicate

    for module in pkgutil.walk_packages(bondreplicate.__path__, "bondreplicate."):
        if not module.name.endswith("__main__"):
            __import__(module.name)


def _serve(asked: socket.socket) -> list[str] | None:
    """Fork until nobody asks any more: None; in a forked process: the arguments of Python."""
    wakes, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    told: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([asked, wakes], [], [])
        if wakes in ready:
            os.read(wakes, 4096)
            _reap(told)
        if asked not in ready:
            continue
        request, files, _, _ = socket.recv_fds(asked, 1 << 20, 4)
        if not request:
            return None
        args, cwd, env = json.loads(request)
        pid = os.fork()
        if pid == 0:
            for other in (asked, *told.values()):
                other.close()
            os.close(wakes)
            os.close(wake)
            _become(cwd, env, files)
            return args
        told[pid] = socket.socket(fileno=files[0])
        told[pid].sendall(f"{pid}\n".encode())
        for file in files[1:]:
            os.close(file)


def _reap(told: dict[int, socket.socket]) -> None:
    """Tell the status of those that have ended to whom they belong, if he is still there."""
    for pid in list(told):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            with told.pop(pid) as who, contextlib.suppress(BrokenPipeError):
                who.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())


def _become(cwd: str, env: dict[str, str], files: Sequence[int]) -> None:
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.setsid()
    os.close(files[0])
    for number, file in enumerate(files[1:]):
        os.dup2(file, number)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)


def main() -> None:
    """Serve the socket whose number is the argument, and become what is asked for."""
    asked = socket.socket(fileno=int(sys.argv[1]))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _load()
    gc.freeze()
    args = _serve(asked)
    if args is None:
        asked.close()
        return
    gc.unfreeze()
    if args[0] == "-m":
        sys.argv = args[1:]
        sys.path[0] = str(Path.cwd())
        runpy.run_module(args[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv = args
        runpy.run_path(args[0], run_name="__main__")
