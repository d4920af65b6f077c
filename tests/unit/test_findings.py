"""What to do about a setting that hurts depends on where it is set."""

import pytest

from bondreplicate.core.findings import OK, WARNING, Setting, judge_settings

AUTO = "/data/postgresql.auto.conf"


def setting(name: str = "fsync", value: str = "off", source: str = "default", **more) -> Setting:
    facts = {"file": None, "line": None, "needs_restart": False, "database": "shop"}
    return Setting(name, value, source, role="bond", **{**facts, **more})


def hint(source: str, **more) -> str:
    [found] = judge_settings([setting(source=source, **more)], "this site")
    assert found.level == WARNING
    assert found.message.startswith("fsync is off: ")
    return found.hint


def test_what_alter_system_wrote_is_reset_by_it():
    wanted = "alter system reset fsync, then reload: select pg_reload_conf()"
    assert hint("configuration file", file=AUTO, line=3) == wanted


def test_in_another_file_it_is_corrected_there():
    told = hint("configuration file", file="/etc/pg/postgresql.conf", line=7)
    assert "/etc/pg/postgresql.conf, line 7: correct it there" in told
    assert "alter system" not in told


def test_a_role_that_may_not_know_the_file_is_told_who_does():
    told = hint("configuration file")
    assert "sourcefile in pg_settings tells a superuser which" in told
    assert "alter system reset fsync where it is postgresql.auto.conf" in told


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("command line", "on the server's command line (-c fsync=..., pg_ctl -o)"),
        ("database", "alter database shop reset fsync"),
        ("user", "alter role bond reset fsync"),
        ("database user", "alter role bond in database shop reset fsync"),
        ("global", "alter role all reset fsync"),
        ("client", "take fsync out of options in the dsn"),
        ("environment variable", "by environment variable"),
    ],
)
def test_elsewhere_alter_system_would_change_nothing(source: str, words: str):
    assert words in hint(source)
    assert "alter system" not in hint(source)


def test_what_needs_a_restart_says_so():
    name = "old_snapshot_threshold"
    asked = [setting(name, "60", "configuration file", file=AUTO, needs_restart=True)]
    [found] = judge_settings(asked, "this site")
    assert found.hint == "alter system reset old_snapshot_threshold, then restart the server"


def test_what_does_not_hurt_is_fine():
    asked = [setting(value="on"), setting("old_snapshot_threshold", "-1")]
    assert [f.level for f in judge_settings(asked, "this site")] == [OK]
