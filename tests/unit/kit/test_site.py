"""A site of the kit starts, stops and kills a daemon and tells what it said.

The daemon here is a stand-in: what the kit does must be right before the program is.
"""

import sys
from pathlib import Path

import pytest

from tests.kit import Database, Site, checkers, settle, site

STAND_IN = """
import os, pathlib, signal, sys, tomllib
conf = tomllib.loads(pathlib.Path("bondreplicate.conf").read_text())
sys.stderr.write(f"started site={conf['site']}\\n")
if len(sys.argv) > 1:
    print(sys.argv[1:]); sys.exit(3)
if conf.get("broken"):
    sys.exit("error: broken")
# Whoever runs the tests in the background of a script has Ctrl+C ignored.
heeds = signal.SIG_IGN if conf.get("stubborn") else signal.default_int_handler
signal.signal(signal.SIGINT, heeds)
print("main loop", flush=True)
if os.environ.get("BONDREPLICATE_FAILPOINT") == "here:1":
    os.kill(os.getpid(), signal.SIGKILL)
try:
    while True:
        signal.pause()
except KeyboardInterrupt:
    sys.exit(0)
"""
LOG = """
create schema bondreplicate;
create table bondreplicate.replicate_log (i int);
"""


@pytest.fixture(autouse=True)
def _stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "stand_in.py"
    program.write_text(STAND_IN)
    monkeypatch.setattr(site, "COMMAND", (sys.executable, str(program)))


def test_a_daemon_starts_and_ends_with_ctrl_c(database: Database) -> None:
    one = Site(7, database)
    one.start_daemon()
    assert one.is_running()
    one.restart_daemon()
    one.stop_daemon()
    assert not one.is_running()
    assert one.story().count("started site=7") == 2


def test_a_daemon_that_fails_tells_why(database: Database) -> None:
    one = Site(1, database, settings={"broken": True})
    with pytest.raises(RuntimeError, match="error: broken"):
        one.start_daemon()


def test_a_daemon_that_ignores_ctrl_c_is_killed_and_told(database: Database) -> None:
    one = Site(1, database, settings={"stubborn": True})
    one.start_daemon()
    with pytest.raises(AssertionError, match="no end after Ctrl"):
        one.stop_daemon(timeout_s=0.2)
    assert not one.is_running()


def test_a_fail_point_kills_the_daemon(database: Database) -> None:
    one = Site(1, database)
    one.start_daemon(failpoint="here:1", wait=False)
    one.wait_failpoint()
    one.start_daemon()
    one.kill9_daemon()
    assert not one.is_running()


def test_a_command_is_run_where_the_configuration_is(database: Database) -> None:
    one = Site(1, database)
    assert one.cli("status", check=3).stdout == "['status']\n"
    with pytest.raises(AssertionError, match="started site=1"):
        one.cli("status")


def test_settling_waits_for_an_empty_log_and_a_living_daemon(database: Database) -> None:
    database.execute(LOG)
    one = Site(1, database)
    settle([one])
    checkers.assert_log_empty([one.dsn])
    one.execute("insert into bondreplicate.replicate_log values (1)")
    with pytest.raises(AssertionError, match="log is empty everywhere"):
        settle([one], timeout_s=0.3)
    with pytest.raises(AssertionError, match="log entries left"):
        checkers.assert_log_empty([one.dsn])
    one.execute("truncate bondreplicate.replicate_log")
    one.start_daemon()
    one.kill9_daemon()
    with pytest.raises(RuntimeError, match="the daemon ended"):
        settle([one])
