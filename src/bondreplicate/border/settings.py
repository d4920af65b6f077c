"""bondreplicate.conf: TOML, overridden by the environment, checked as a whole.

What is said of a setting here is also what the sample file and the reference page say.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from bondreplicate.border.database import dsn_mistake
from bondreplicate.border.mistakes import closest, lines_of, mistakes_in
from bondreplicate.core.redact import has_password
from bondreplicate.errors import SettingsError

FILE_NAME = "bondreplicate.conf"
PREFIX = "BONDREPLICATE_"
NOT_SETTINGS = frozenset({"CONFIG", "FAILPOINT", "TRACEBACK"})
"""Variables with the prefix that mean something else."""

Level = Literal["debug", "info", "warning", "error"]


class Settings(BaseModel):
    """What a site is told about itself. Times carry their unit as the end of their name."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    dsn: Annotated[str, Field(min_length=1, examples=["dbname=shop"])] = Field(
        description="Connection string of the database of this site, given to libpq as it is."
    )
    site: Annotated[int, Field(ge=1, le=99, examples=[1])] = Field(
        description="Number of this site: 1 to 9 (to 99 if maxsites is 100). New ids end in it."
    )
    maxsites: Literal[10, 100] = Field(
        10,
        description="10 or 100: how many numbers the last digits of an id tell apart. Alike at"
        " every site; it can grow, by `bondreplicate init --grow`, and never shrink.",
    )
    poll_ms_min: Annotated[float, Field(gt=0, le=60_000)] = Field(
        2, description="Pause of a busy link before it looks for new changes."
    )
    poll_ms_max: Annotated[float, Field(gt=0, le=60_000)] = Field(
        20, description="Pause of an idle link before it looks for new changes."
    )
    tables_every_s: Annotated[float, Field(gt=0, le=3600)] = Field(
        1.0, description="How often new, altered and dropped tables are looked for."
    )
    clock_ahead_max_s: Annotated[float, Field(gt=0)] = Field(
        3600, description="A change whose stamp is further ahead of the clock here is refused."
    )
    lock_timeout_ms: Annotated[int, Field(ge=1)] = Field(
        1000, description="How long applying waits for a lock before it gives way and tries again."
    )
    deadlock_timeout_ms: Annotated[int, Field(ge=1)] = Field(
        50,
        description="After how long applying looks for a deadlock; less than users' sessions do.",
    )
    conflicts_keep_days: Annotated[float, Field(ge=0, le=36500)] = Field(
        90,
        description="Conflicts in replicate_error that are older are removed at this site, with"
        " the row that lost; 0: kept for ever.",
    )
    log_level: Level = Field(
        "info", description="Least important events that are logged: debug, info, warning, error."
    )
    log_json: bool | None = Field(
        None,
        description="Log as JSON, one object per line. Left out: JSON where stderr is no terminal.",
    )

    @field_validator("dsn")
    @classmethod
    def _libpq_takes_it(cls, dsn: str) -> str:
        if mistake := dsn_mistake(dsn):
            raise ValueError(mistake)
        return dsn

    @model_validator(mode="after")
    def _fits(self) -> Settings:
        if self.site >= self.maxsites:
            raise ValueError(f"site: {self.site} is not below maxsites ({self.maxsites})")
        if self.poll_ms_min > self.poll_ms_max:
            raise ValueError(
                f"poll_ms_min: {self.poll_ms_min:g} is more than poll_ms_max ({self.poll_ms_max:g})"
            )
        return self


@dataclass(frozen=True)
class Loaded:
    """Settings, and where each value came from: a file, a variable, or the default."""

    settings: Settings
    sources: Mapping[str, str]


def load(config: Path | None, environ: Mapping[str, str], cwd: Path) -> Loaded:
    """Read the file and the environment.

    Args:
        config: what --config says; else BONDREPLICATE_CONFIG; else bondreplicate.conf in cwd.
        environ: of the process.
        cwd: working directory.

    Raises:
        SettingsError: every mistake, one a line.
    """
    path, asked_for = find_file(config, environ, cwd)
    text = read_file(path) if asked_for or path.exists() else ""
    found = parse(path, text)
    overrides, mistakes = from_environment(environ)
    sources = {name: str(path) for name in found} | {
        name: PREFIX + name.upper() for name in overrides
    }
    try:
        settings = Settings.model_validate(found | overrides)
    except ValidationError as error:
        mistakes += mistakes_in(error, list(Settings.model_fields), sources, lines_of(text), path)
        settings = None
    if "dsn" in found and has_password(str(found["dsn"])):
        mistakes += open_to_others(path)
    if settings is None or mistakes:
        raise SettingsError(
            "\n".join(mistakes), hint=_what_to_do(path, asked_for or bool(overrides), mistakes)
        )
    defaults = {n: sources.get(n, "default") for n in Settings.model_fields}
    return Loaded(settings, defaults)


def find_file(config: Path | None, environ: Mapping[str, str], cwd: Path) -> tuple[Path, bool]:
    """The file to read, and whether somebody asked for it (then it has to be there)."""
    if config is not None:
        return config, True
    if environ.get(PREFIX + "CONFIG"):
        return Path(environ[PREFIX + "CONFIG"]), True
    return cwd / FILE_NAME, False


def _what_to_do(path: Path, asked_for: bool, mistakes: Sequence[str]) -> str:
    if path.exists() and mistakes == open_to_others(path):
        return f"chmod 600 {path}"
    if asked_for or path.exists():
        return "`bondreplicate config sample` shows every setting"
    return f"there is no {path}; `bondreplicate config sample > {FILE_NAME}` makes one to edit"


def read_file(path: Path) -> str:
    """The text of the file.

    Raises:
        SettingsError: it is not there, or not readable, or not text.
    """
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        hint = "it has to be a file that the user who runs bondreplicate may read"
        if isinstance(error, FileNotFoundError):
            hint = f"`bondreplicate config sample > {FILE_NAME}` makes one to edit"
        raise SettingsError(f"{path}: cannot be read: {why}", hint=hint) from error
    except UnicodeDecodeError as error:
        raise SettingsError(f"{path}: is not UTF-8 text", hint="save it as UTF-8") from error


def parse(path: Path, text: str) -> dict[str, Any]:
    """The settings in the text of the file.

    Raises:
        SettingsError: it is not TOML.
    """
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(
            f"{path}: is not TOML: {error}", hint='lines look like: dsn = "dbname=shop"'
        ) from error


def from_environment(environ: Mapping[str, str]) -> tuple[dict[str, Any], list[str]]:
    """Settings in the environment, and misspelt ones.

    A variable that resembles no setting is somebody else's and left alone.
    """
    found: dict[str, Any] = {}
    mistakes: list[str] = []
    for variable, value in sorted(environ.items()):
        name = variable.removeprefix(PREFIX)
        if name == variable or name in NOT_SETTINGS:
            continue
        if name == name.upper() and name.lower() in Settings.model_fields:
            found[name.lower()] = from_text(name.lower(), value)
        elif near := closest(name.lower(), list(Settings.model_fields)):
            mistakes.append(f"{variable}: no such setting, did you mean {PREFIX}{near.upper()}?")
    return found, mistakes


def from_text(name: str, value: str) -> Any:
    """The value of a variable: as TOML would read it, where the setting is not a text."""
    kinds = get_args(Settings.model_fields[name].annotation)
    if Settings.model_fields[name].annotation is str or str in map(type, kinds):
        return value
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def open_to_others(path: Path) -> list[str]:
    """The mistake of a file with a password that others may read."""
    mode = path.stat().st_mode & 0o777
    if not mode & 0o077:
        return []
    return [f"{path}: holds a password, and others may read it (mode {mode:04o})"]


def sample() -> str:
    """A bondreplicate.conf that says what each setting is for."""
    lines = [
        "# bondreplicate.conf: Bond Replicate at this site. Keep it 0600 if it has a password."
    ]
    for name, field in Settings.model_fields.items():
        lines += ["", f"# {field.description}"]
        if field.is_required():
            lines.append(f"{name} = {as_toml((field.examples or [''])[0])}")
        else:
            lines.append(f"# {name} = {as_toml(field.default)}")
    return "\n".join(lines) + "\n"


def as_toml(value: object) -> str:
    """A value as TOML writes it; true stands in for what may be left out."""
    if value is None or value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return f"{value:g}" if isinstance(value, float) else str(value)
