"""The command before anything is imported, and where its results cannot be written."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bondreplicate.faces.cli_common import EXIT_STATUS

COMMAND = [sys.executable, "-m", "bondreplicate"]


def test_ctrl_c_while_modules_are_loaded_ends_quietly(tmp_path: Path) -> None:
    slow = "import sys, time\nprint('loading', flush=True)\ntime.sleep(60)\n"
    (tmp_path / "click.py").write_text(slow)
    # Whoever runs the tests in the background of a script has Ctrl+C ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    process = subprocess.Popen(
        [*COMMAND, "createdb"],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    assert process.stdout is not None
    assert process.stdout.readline() == "loading\n"
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=30)
    assert (process.returncode, said) == (130, "")
    assert "130 interrupted" in EXIT_STATUS


@pytest.mark.parametrize("command", ["createdb", "config sample", "--help"])
def test_a_disk_that_is_full_is_no_bug(command: str) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, *command.split()], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert done.stderr == "error: results could not be written: No space left on device\n"
    assert done.returncode == 74
    assert "74  results could not be written" in EXIT_STATUS


def test_whoever_has_read_enough_is_told_nothing() -> None:
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run([*COMMAND, "createdb"], stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")
    closed = subprocess.run(
        ["sh", "-c", f"{' '.join(COMMAND)} config sample >&-"], stderr=subprocess.PIPE, text=True
    )
    assert (closed.returncode, closed.stderr) == (0, "")
