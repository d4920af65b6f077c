"""The structure of the schema `bondreplicate`: printed for psql, installed, upgraded.

Structure is numbered and made once; a ledger keeps the checksum of every step. Functions are
made anew where they are not those of this version (step 0 of the ledger). All of it happens in
one transaction under an advisory lock.
"""

from __future__ import annotations

import hashlib

from bondreplicate import __version__
from bondreplicate.border import sqlfiles
from bondreplicate.border.database import (
    Composed,
    Connection,
    execute,
    raw,
    render,
    rows,
    transaction,
)
from bondreplicate.errors import UnfitSite


def createdb_sql() -> str:
    """`createdb.sql`: everything for plain psql; running it again changes nothing."""
    parts = [sqlfiles.text("createdb", "head"), sqlfiles.text("createdb", "ledger")]
    parts += [_once(step) for step in sqlfiles.structure()]
    parts += [sqlfiles.text("createdb", "drop_functions"), *sqlfiles.functions()]
    made = sqlfiles.query("schema_functions_made").replace("%s", f"'{_functions_checksum()}'")
    parts += [f"{made};", *(sqlfiles.text("createdb", part) for part in ("tail", "tables", "end"))]
    head = f"-- createdb.sql of Bond Replicate {__version__}; printed by `bondreplicate createdb`\n"
    return head + "\n".join(parts)


def _once(step: sqlfiles.Structure) -> str:
    """A step for psql, which does nothing where the ledger has it."""
    return (
        f"do $bond_step$ begin if not exists (\n"
        f"    select from bondreplicate.replicate_structure where number = {step.number}\n"
        f") then execute $bond_structure$\n{step.text}$bond_structure$;\n"
        f"insert into bondreplicate.replicate_structure (number, name, checksum)\n"
        f"values ({step.number}, '{step.name}', '{step.checksum}');\n"
        f"end if; end $bond_step$;\n"
    )


def install(connection: Connection) -> None:
    """Create or upgrade structure and functions in one transaction; next to nothing where all fits.

    Raises:
        UnfitSite: a step was changed after it was made here, or the structure is from a newer
            version.
    """
    with transaction(connection):
        execute(connection, sqlfiles.query("schema_lock"))
        execute(connection, sqlfiles.text("createdb", "ledger"))
        made = {r.number: r for r in rows(connection, sqlfiles.query("schema_ledger"))}
        known = sqlfiles.structure()
        newer = set(made) - {step.number for step in known} - {0}
        if newer:
            raise UnfitSite(
                f"the schema bondreplicate has step {max(newer)}, which this program does not know",
                hint="a newer version made it: upgrade bondreplicate here",
            )
        for step in known:
            if step.number not in made:
                execute(connection, raw_text(step.text))
                args = (step.number, step.name, step.checksum)
                execute(connection, sqlfiles.query("schema_made"), args)
            elif made[step.number].checksum != step.checksum:
                raise UnfitSite(
                    f"step {step.name} of the schema bondreplicate"
                    " is not the one this version makes",
                    hint="it was installed by another version of the program: use that one",
                )
        checksum = _functions_checksum()
        if 0 not in made or made[0].checksum != checksum:
            execute(connection, sqlfiles.text("createdb", "drop_functions"))
            for text in sqlfiles.functions():
                execute(connection, raw_text(text))
            execute(connection, sqlfiles.query("schema_functions_made"), (checksum,))
            execute(connection, sqlfiles.text("createdb", "tail"))


def _functions_checksum() -> str:
    """Of all functions, as the ledger keeps it."""
    return hashlib.sha256("".join(sqlfiles.functions()).encode()).hexdigest()[:16]


def raw_text(text: str) -> Composed:
    """A whole file of SQL, as it is."""
    return render("{text}", text=raw(text))
