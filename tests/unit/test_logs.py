"""The daemon's log: one line per event, no passwords, no flood."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from bondreplicate.faces import logs


@pytest.fixture(autouse=True)
def structlog_as_before() -> Iterator[None]:
    yield
    structlog.reset_defaults()
    logging.getLogger("psycopg").handlers.clear()


def lines(out: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_json_where_it_is_no_terminal():
    out = io.StringIO()
    logs.set_up("info", None, out)
    structlog.get_logger().info("batch_applied", link="1->2", rows=3)
    [line] = lines(out)
    assert line["event"] == "batch_applied"
    assert (line["link"], line["rows"], line["level"]) == ("1->2", 3, "info")
    assert "timestamp" in line


def test_lines_to_read_on_demand_and_only_from_the_level_on():
    out = io.StringIO()
    logs.set_up("warning", False, out)
    structlog.get_logger().info("quiet")
    structlog.get_logger().warning("loud", dsn="host=h password=secret")
    assert "quiet" not in out.getvalue()
    assert "loud" in out.getvalue()
    assert "secret" not in out.getvalue()


@pytest.mark.parametrize(("level", "told"), [("info", []), ("debug", ["error ignored 1"])])
def test_what_the_driver_logs_is_no_line_of_its_own(
    level: str,
    told: list[str],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
):
    driver = logging.getLogger("psycopg")
    # Import-linter, which another test runs, switches off all loggers that there are.
    monkeypatch.setattr(driver, "disabled", False)
    out = io.StringIO()
    logs.set_up(level, True, out)
    driver.warning("error ignored %s", 1)
    assert [line["reason"] for line in lines(out)] == told
    assert capsys.readouterr().err == ""


def test_no_password_in_values_lists_or_tracebacks():
    for as_json in (True, False):
        out = io.StringIO()
        logs.set_up("info", as_json, out)
        log = structlog.get_logger()
        log.error("failed", error=ValueError("postgres://u:secret@h"), all=["password=secret"])
        try:
            raise ValueError("password=secret")
        except ValueError:
            log.exception("crashed")
        assert "secret" not in out.getvalue()
        assert "crashed" in out.getvalue()


def test_equal_errors_are_counted():
    now = 0.0
    count = logs.CountRepeated(lambda: now, every_s=30)

    def told(method: str = "warning", **event: object) -> dict[str, object] | None:
        try:
            return dict(count(None, method, dict(event)))
        except structlog.DropEvent:
            return None

    assert told(event="lost", link="1->2") == {"event": "lost", "link": "1->2"}
    assert told(event="lost", link="1->2") is None
    assert told(event="lost", link="1->3") is not None
    assert told(event="lost", link="1->2") is None
    now = 31.0
    assert told(event="lost", link="1->2") == {"event": "lost", "link": "1->2", "repeated": 2}
    assert told("info", event="lost", link="1->2") is not None
