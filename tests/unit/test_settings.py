"""bondreplicate.conf: what is read, what overrides what, and how mistakes are told."""

from pathlib import Path

import pytest

from bondreplicate.border.settings import Settings, load, sample
from bondreplicate.core.redact import MASK, has_password, redact
from bondreplicate.errors import SettingsError


def conf(path: Path, text: str, mode: int = 0o600) -> Path:
    file = path / "bondreplicate.conf"
    file.write_text(text)
    file.chmod(mode)
    return file


def mistakes(path: Path, text: str, environ: dict[str, str] | None = None, mode: int = 0o600):
    conf(path, text, mode)
    with pytest.raises(SettingsError) as caught:
        load(None, environ or {}, path)
    assert caught.value.exit_code == 2
    return caught.value.message.splitlines()


def test_the_file_in_the_working_directory_is_read(tmp_path: Path):
    file = conf(tmp_path, 'dsn = "dbname=shop"\nsite = 3\nmaxsites = 100\n')
    loaded = load(None, {}, tmp_path)
    assert loaded.settings == Settings(dsn="dbname=shop", site=3, maxsites=100)
    assert loaded.sources["site"] == str(file)
    assert loaded.sources["poll_ms_max"] == "default"


def test_config_goes_before_the_variable_and_that_before_the_working_directory(tmp_path: Path):
    conf(tmp_path, 'dsn = "dbname=a"\nsite = 1\n')
    for name in ("b", "c"):
        (tmp_path / f"{name}.conf").write_text(f'dsn = "dbname={name}"\nsite = 1\n')
    environ = {"BONDREPLICATE_CONFIG": str(tmp_path / "b.conf")}
    assert load(tmp_path / "c.conf", environ, tmp_path).settings.dsn == "dbname=c"
    assert load(None, environ, tmp_path).settings.dsn == "dbname=b"
    assert load(None, {}, tmp_path).settings.dsn == "dbname=a"


def test_variables_override_the_file_each_in_the_type_of_its_setting(tmp_path: Path):
    conf(tmp_path, 'dsn = "dbname=a"\nsite = 1\nmaxsites = 10\n')
    environ = {
        "BONDREPLICATE_DSN": "dbname=7",
        "BONDREPLICATE_SITE": "42",
        "BONDREPLICATE_MAXSITES": "100",
        "BONDREPLICATE_POLL_MS_MIN": "0.5",
        "BONDREPLICATE_LOG_JSON": "true",
        "BONDREPLICATE_LOG_LEVEL": "debug",
        "BONDREPLICATE_FAILPOINT": "applied:2",
        "UNRELATED": "1",
    }
    loaded = load(None, environ, tmp_path)
    assert loaded.settings.model_dump() == {
        **Settings(dsn="dbname=7", site=42, maxsites=100).model_dump(),
        "poll_ms_min": 0.5,
        "log_json": True,
        "log_level": "debug",
    }
    assert loaded.sources["site"] == "BONDREPLICATE_SITE"


def test_no_file_is_needed_where_the_environment_says_all(tmp_path: Path):
    environ = {"BONDREPLICATE_DSN": "", "BONDREPLICATE_SITE": "1"}
    with pytest.raises(SettingsError, match="BONDREPLICATE_DSN: dsn: is empty"):
        load(None, environ, tmp_path)
    assert load(None, {**environ, "BONDREPLICATE_DSN": "dbname=x"}, tmp_path).settings.site == 1


def test_a_mistyped_variable_is_not_answered_with_a_file_that_nobody_needs(tmp_path: Path):
    environ = {"BONDREPLICATE_DSN": "dbname=x", "BONDREPLICATE_SITE": "1"}
    with pytest.raises(SettingsError, match="did you mean BONDREPLICATE_MAXSITES") as told:
        load(None, {**environ, "BONDREPLICATE_MAXSITE": "10"}, tmp_path)
    assert told.value.hint == "`bondreplicate config sample` shows every setting"


def test_all_mistakes_are_told_at_once_with_file_line_and_name(tmp_path: Path):
    text = 'sitte = 1\nmaxsites = 12\n\npoll_ms_min = "fast"\nsite = 0\nlog_level = "loud"\n'
    text += "dns = 'x'\n[tables]\nonly = 1\n"
    file = tmp_path / "bondreplicate.conf"
    environ = {"BONDREPLICATE_MAXSITE": "10", "BONDREPLICATE_TABLES_EVERY_S": "0"}
    assert mistakes(tmp_path, text, environ) == [
        "BONDREPLICATE_MAXSITE: no such setting, did you mean BONDREPLICATE_MAXSITES?",
        "BONDREPLICATE_TABLES_EVERY_S: tables_every_s: is not above 0.0",
        f"{file}:1: sitte: no such setting, did you mean site?",
        f"{file}:2: maxsites: is not 10 or 100",
        f"{file}:4: poll_ms_min: is not a number",
        f"{file}:5: site: is below 1",
        f"{file}:6: log_level: is not 'debug', 'info', 'warning' or 'error'",
        f"{file}:7: dns: no such setting, did you mean dsn?",
        f"{file}:8: tables: no such setting, did you mean tables_every_s?",
        f"{file}: dsn: is missing",
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("site = 10", "site: 10 is not below maxsites (10)"),
        ("site = 1\npoll_ms_min = 50", "poll_ms_min: 50 is more than poll_ms_max (20)"),
        ("site = true", "site: is not a whole number"),
        ("site = 1.5", "site: is not a whole number"),
        ("site = '1'", "site: is not a whole number"),
    ],
)
def test_values_that_do_not_fit(tmp_path: Path, text: str, told: str):
    [line] = mistakes(tmp_path, f'dsn = "dbname=y"\n{text}\n')
    assert line.endswith(told)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_file_with_a_password_is_for_its_owner_only(tmp_path: Path, mode: int):
    file = conf(tmp_path, 'dsn = "host=h password=secret"\nsite = 1\n', mode)
    with pytest.raises(SettingsError) as caught:
        load(None, {}, tmp_path)
    [line] = caught.value.message.splitlines()
    assert f"mode {mode:04o}" in line
    assert caught.value.hint == f"chmod 600 {file}"
    assert "secret" not in line


def test_without_a_password_others_may_read_it(tmp_path: Path):
    conf(tmp_path, 'dsn = "host=h"\nsite = 1\n', mode=0o644)
    assert load(None, {}, tmp_path).settings.site == 1


def test_no_file_anywhere_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(SettingsError) as caught:
        load(None, {}, tmp_path)
    assert "config sample" in caught.value.hint


def test_a_file_that_was_asked_for_has_to_be_there(tmp_path: Path):
    with pytest.raises(SettingsError, match=r"nowhere\.conf: cannot be read: no such file"):
        load(tmp_path / "nowhere.conf", {}, tmp_path)
    with pytest.raises(SettingsError, match="cannot be read: is a directory"):
        load(tmp_path, {}, tmp_path)


def test_a_file_that_is_no_toml_or_no_text(tmp_path: Path):
    file = conf(tmp_path, "dsn = dbname=shop\n")
    with pytest.raises(SettingsError, match=r"is not TOML: .*line 1"):
        load(None, {}, tmp_path)
    file.write_bytes(b"dsn = '\xff'\n")
    with pytest.raises(SettingsError, match="not UTF-8"):
        load(None, {}, tmp_path)


def test_the_sample_is_a_valid_file_and_shows_the_defaults(tmp_path: Path):
    conf(tmp_path, sample())
    loaded = load(None, {}, tmp_path)
    everything = sample().replace("\n# ", "\n").splitlines()
    shown = [line for line in everything if " = " in line and line.split(" = ")[0].isidentifier()]
    assert [line.split(" = ")[0] for line in shown] == list(Settings.model_fields)
    conf(tmp_path, "\n".join(shown))
    assert (
        load(None, {}, tmp_path).settings.model_copy(update={"log_json": None}) == loaded.settings
    )


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("host=h password=s3 user=u", f"host=h password={MASK} user=u"),
        ("password = 'it''s' x=1", f"password = {MASK}'s' x=1"),
        (r"password='a\' b' x=1", f"password={MASK} x=1"),
        ("postgres://u:p%40ss@h:5432/db", f"postgres://u:{MASK}@h:5432/db"),
        ("postgresql://u@h/db?password=x&sslmode=require",
         f"postgresql://u@h/db?password={MASK}&sslmode=require"),
        ("sslpassword=x", f"sslpassword={MASK}"),
    ],
)  # fmt: skip
def test_passwords_are_masked_in_any_text(text: str, clean: str):
    assert redact(f"could not connect: {text}") == f"could not connect: {clean}"
    assert has_password(text)


def test_what_is_no_password_stays():
    for text in ("postgres://u@h:5432/db", "host=h passfile=/x user=u", "http://h:80/a@b"):
        assert redact(text) == text
        assert not has_password(text)
