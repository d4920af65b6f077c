"""All errors that Bond Replicate raises, and the exit status of each.

BondError                       70  a bug, or something nobody thought of
├── SettingsError                2  configuration or command line
├── DatabaseError                3  PostgreSQL refused, or could not be reached
│   └── TransientError           3  worth trying again: deadlock, lock timeout, lost connection
├── UnfitSite                    4  version, privilege, standby, structure
└── MeshError                    5  who is who: wrong site, other incarnation, position mismatch
    └── WentBack                 5  a site was put back to an earlier state, or there are two of it
"""

from __future__ import annotations

CHECK_FAILED = 1
"""Exit status of a command that ran well and found a difference or a problem."""


class BondError(Exception):
    """What went wrong, and what to do about it.

    Args:
        message: one line: what is wrong, naming the site, table or setting.
        hint: one line: what to do.
        sqlstate: of the PostgreSQL error behind it, if any.
    """

    exit_code = 70

    def __init__(self, message: str, *, hint: str = "", sqlstate: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.sqlstate = sqlstate

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class SettingsError(BondError):
    """The configuration or the command line is wrong; all problems are in the message."""

    exit_code = 2


class DatabaseError(BondError):
    """PostgreSQL refused something, or could not be reached.

    Attributes:
        connecting: there was no connection yet.
    """

    exit_code = 3
    connecting = False


class TransientError(DatabaseError):
    """The same work will succeed later: nothing was lost, nothing was half done."""


class UnfitSite(BondError):  # noqa: N818 - what is raised is the finding: this site is unfit
    """A database that replication cannot run on as it is."""

    exit_code = 4


class MeshError(BondError):
    """Sites that disagree about who they are or what they have applied."""

    exit_code = 5


class WentBack(MeshError):  # noqa: N818 - what is raised is the finding
    """A site that was put back to an earlier state, or of which there are two."""

    def __init__(self, message: str, *, hint: str = "", culprit: int = 0) -> None:
        super().__init__(message, hint=hint)
        self.culprit = culprit


TRANSIENT_CLASSES = ("08", "53", "57")
TRANSIENT_STATES = frozenset({"40001", "40P01", "55P03", "25006", "23505"})
"""23505: a row that a user inserted while a batch was applied; the next try sees it."""


def is_transient(sqlstate: str | None) -> bool:
    """Whether an error with this SQLSTATE goes away by trying again; None is a lost connection."""
    if sqlstate is None:
        return True
    return sqlstate[:2] in TRANSIENT_CLASSES or sqlstate in TRANSIENT_STATES


OWN_STATES: dict[str, type[BondError]] = {
    "BR010": TransientError,  # another daemon applied a batch: read the position again
    "BR011": MeshError,
    "BR012": TransientError,  # replicate_down() was called there: it will be taken up again
    "BR013": MeshError,
    "BR020": MeshError,
    "BR035": TransientError,  # the tables there are others now: look at them again
}
"""SQLSTATEs that our own functions raise."""


def class_of(sqlstate: str | None) -> type[BondError]:
    """Which error a SQLSTATE is; None is a lost connection."""
    if sqlstate in OWN_STATES:
        return OWN_STATES[sqlstate]
    return TransientError if is_transient(sqlstate) else DatabaseError
