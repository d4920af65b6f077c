"""The command `bondreplicate`: the group, what it runs, and how it fails."""

from __future__ import annotations

import errno
import os
import re
import sys
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

import click

from bondreplicate import __version__
from bondreplicate.border.database import value
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.redact import redact
from bondreplicate.errors import BondError, DatabaseError, SettingsError, UnfitSite
from bondreplicate.faces import logs
from bondreplicate.faces.cli_common import (
    EXIT_STATUS,
    Program,
    examples,
    json_option,
    note,
    pass_program,
    print_json,
)
from bondreplicate.faces.cli_config import config_group
from bondreplicate.faces.cli_conflicts import conflicts_group
from bondreplicate.faces.cli_hosts import hosts_group
from bondreplicate.faces.cli_retry import retry
from bondreplicate.faces.cli_status import status
from bondreplicate.faces.cli_tables import tables_group
from bondreplicate.faces.cli_verify import verify
from bondreplicate.faces.cli_wait import wait
from bondreplicate.faces.doctor import doctor
from bondreplicate.site.fitness import check_number
from bondreplicate.site.health import fetch_site
from bondreplicate.site.listed import list_tables

INSUFFICIENT_PRIVILEGE = "42501"
CANNOT_WRITE = 74
UNWRITABLE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""Standard output goes to a file that takes no more."""


@click.group(
    invoke_without_command=True,
    epilog=EXIT_STATUS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--config",
    type=click.Path(path_type=Path, readable=False),  # what cannot be read is told in our words
    help="The file to read, instead of bondreplicate.conf in the working directory.",
)
@click.version_option(__version__, prog_name="bondreplicate")
@click.pass_context
def cli(context: click.Context, config: Path | None) -> None:
    """Bond Replicate: master-to-master replication between stock PostgreSQL servers.

    Without a command: `run`.
    """
    context.obj = Program(config)
    if context.invoked_subcommand is None:
        context.invoke(run)


@cli.command(epilog=examples("bondreplicate run", "bondreplicate --config /etc/bondreplicate.conf"))
@pass_program
def run(program: Program) -> None:
    """Replicate until Ctrl+C; prints "main loop" when it has begun.

    Installs what `init` installs, first. Where another daemon serves the site already, it waits,
    and says so, until that one has ended.
    """
    from bondreplicate.mesh import daemon

    settings = program.settings
    logs.set_up(settings.log_level, settings.log_json)
    daemon.run(settings)


@cli.command(epilog=examples("bondreplicate init"))
@click.option("--grow", is_flag=True, help="Let maxsites become 100 where it was 10, for good.")
@pass_program
def init(program: Program, grow: bool) -> None:
    """Install at this site what the first `run` installs, and end.

    That is: functions, capture triggers, sequences that end in the site number.

    When `maxsites` grows, do it at every site: stop bondreplicate, set maxsites = 100, run this
    with --grow, start bondreplicate.
    """
    from bondreplicate.mesh import daemon

    settings = program.settings
    logs.set_up(settings.log_level, settings.log_json)
    daemon.init(settings, grow=grow)
    with program.connection() as connection:
        runs = value(connection, query("daemon_running"))
    to_do = "it runs here already" if runs else "start it with `bondreplicate run`"
    click.echo(f"installed at site {settings.site} (maxsites {settings.maxsites}); {to_do}")


@cli.command(epilog=examples("bondreplicate createdb | psql shop"))
def createdb() -> None:
    """Print createdb.sql: the tables of replication, for psql."""
    from bondreplicate.site.schema import createdb_sql

    click.echo(createdb_sql(), nl=False)


@cli.command(
    short_help="Take replication down at this site.", epilog=examples("bondreplicate down --json")
)
@json_option
@pass_program
def down(program: Program, as_json: bool) -> None:
    """Take replication down at this site; the user's schema is then as it was before.

    The same as `select replicate_down();`. Stop the daemon first, or it stops itself.
    """
    with program.connection(writes=True) as connection:
        check_number(connection, program.settings)
        released = sum(table.active for table in list_tables(connection))
        told = value(connection, query("replicate_down"))
        unsent = fetch_site(connection).unsent_when_down
    if as_json:
        print_json({"told": told, "tables_released": released, "unsent": unsent})
    else:
        click.echo(told or "replication is down at this site")


@cli.command(
    context_settings={"ignore_unknown_options": True},
    add_help_option=False,
    name="demo",
    short_help="Show three masters in step, here and now.",
)
@click.argument("args", nargs=-1, type=click.UNPROCESSED)
def demo(args: Sequence[str]) -> int | None:
    """Show three masters in step, here and now: [--sites N] [--seconds S] [--keep]."""
    from bondreplicate.faces.demo import demo as command

    return command.main(args=list(args), prog_name="bondreplicate demo", standalone_mode=False)


for part in (
    status,
    wait,
    verify,
    doctor,
    retry,
    config_group,
    hosts_group,
    tables_group,
    conflicts_group,
):
    cli.add_command(part)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run a command and exit with its status; what went wrong is told in one line."""
    if sys.stdout is None:  # closed by whoever called us
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the end
    as_json = "--json" in (sys.argv[1:] if args is None else args)
    try:
        status = cli.main(args=args, prog_name="bondreplicate", standalone_mode=False)
        sys.stdout.flush()
        sys.stderr.flush()
    except BondError as error:
        status = tell(as_own(as_privilege(error)), as_json=as_json)
    except click.ClickException as error:
        status = tell(as_ours(error), as_json=as_json)
    except (KeyboardInterrupt, click.Abort):
        status = 130
    except (BrokenPipeError, SystemExit):  # click leaves like that where a pipe is closed
        # Whoever read our results has seen enough.
        drop_output()
        status = 0
    except OSError as error:
        if error.errno not in UNWRITABLE:
            status = tell_bug(error, as_json=as_json)
        else:
            drop_output()
            note(f"error: results could not be written: {error.strerror}")
            status = CANNOT_WRITE
    except Exception as error:  # noqa: BLE001 - the last line of defence
        status = tell_bug(error, as_json=as_json)
    sys.exit(status if isinstance(status, int) else 0)


def drop_output() -> None:
    """Let nothing more go to standard output: the interpreter must not fail at its end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def tell(error: BondError, *, as_json: bool = False) -> int:
    """Say what went wrong, a line for each problem, and what to do; the exit status.

    On stderr; whoever asked for JSON finds it on stdout too.
    """
    message, hint = redact(error.message), redact(" ".join(error.hint.split()))
    for line in message.splitlines():
        note(f"error: {line}")
    if hint:
        note(f"hint: {hint}")
    if as_json:
        print_json({"error": message, "hint": hint, "exit_status": error.exit_code})
    return error.exit_code


def as_privilege(error: BondError) -> BondError:
    """A right that the role of the dsn lacks, with what to do; any other error as it is."""
    if error.sqlstate != INSUFFICIENT_PRIVILEGE:
        return error
    hint = "dsn needs the role that owns the schema bondreplicate (docs/how-to/least-privilege.md)"
    return UnfitSite(error.message, hint=error.hint or hint, sqlstate=error.sqlstate)


def as_own(error: BondError) -> BondError:
    """A failure to connect to the database of this site: those of others are told elsewhere."""
    if not (isinstance(error, DatabaseError) and error.connecting):
        return error
    words = f"dsn, the database of this site: {error.message}"
    return type(error)(words, hint=error.hint, sqlstate=error.sqlstate)


def as_ours(error: click.ClickException) -> SettingsError:
    """A mistake on the command line as one of ours."""
    context = getattr(error, "ctx", None)
    path = context.command_path if context else "bondreplicate"
    words, hint = " ".join(error.format_message().split()), f"see `{path} --help`"
    if isinstance(error, click.NoSuchOption):
        if error.option_name == "--config":
            name = path.removeprefix("bondreplicate").strip()
            hint = f"it goes before the command: `bondreplicate --config FILE {name}`"
        elif re.fullmatch(r"-\d+", error.option_name):
            words = f"{error.option_name}: no number here is below 0"
    return SettingsError(words, hint=hint)


def tell_bug(error: Exception, *, as_json: bool = False) -> int:
    """One line about an error that nobody thought of; the whole story on demand."""
    words = " ".join(redact(str(error)).split())
    note(f"error: bug: {type(error).__name__}: {words}")
    if os.environ.get("BONDREPLICATE_TRACEBACK"):
        note(redact("".join(traceback.format_exception(error))))
    else:
        note("hint: please report it; BONDREPLICATE_TRACEBACK=1 prints where it happened")
    if as_json:
        print_json({"error": f"bug: {words}", "hint": "", "exit_status": BondError.exit_code})
    return BondError.exit_code
