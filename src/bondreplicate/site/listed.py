"""replicate_tables as people see and edit it: replicated, or why not."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bondreplicate.border.database import Connection, execute, rows
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.counters import times_begun, why_not_counted
from bondreplicate.core.policies import LATEST, Policy
from bondreplicate.core.shapes import COLUMN, ROW
from bondreplicate.errors import SettingsError
from bondreplicate.site.hosts import list_hosts
from bondreplicate.site.tables import fetch_followed

COUNTERS = "docs/explanation/conflicts.md#counters says which columns can be counters"
NO_TABLE = "`bondreplicate tables list` shows what is; a view or a sequence is no table"

NAME = re.compile(r'("([^"]|"")+"|[^\W\d]\w*)(\.("([^"]|"")+"|[^\W\d]\w*))?\Z')
HOOK_LOOKS = "(key text[], later jsonb, earlier jsonb, later_version jsonb, earlier_version jsonb)"


@dataclass(frozen=True)
class ListedTable:
    """A table of the database, as replicate_tables has it.

    resolve: how concurrent changes of a row are merged; merges: the same, in effect.
    policy: which of two stays; priority: by which sites; hook: by which function; made_of: a
    digest of that.
    counters: columns to which the changes of all sites add up; counted: the same, in effect.
    counters_begun: how often counters were begun anew: see core.counters.
    """

    id: int
    schema_name: str
    table_name: str
    enabled: bool
    active: bool
    reason: str | None
    key_columns: Sequence[str]
    columns: Sequence[str]
    resolve: str = ROW
    merges: str = ROW
    policy: str = LATEST.kind
    priority: Sequence[int] = ()
    hook: str | None = None
    made_of: str | None = None
    counters: Sequence[str] = ()
    counted: Sequence[str] = ()
    counters_begun: Mapping[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Schema and name, not quoted: for people."""
        return f"{self.schema_name}.{self.table_name}"

    @property
    def begun(self) -> int:
        """How often this site has begun to add up the counters that are in effect."""
        return times_begun(self.counters_begun, self.counted)

    @property
    def decides(self) -> Policy:
        """Which of two concurrent changes of a row stays."""
        return Policy(self.policy, tuple(self.priority), self.hook or "", self.made_of or "")


def list_tables(connection: Connection) -> list[ListedTable]:
    """Every table of the database, by name."""
    return [ListedTable(*row) for row in rows(connection, query("tables_list"))]


def choose_tables(tables: Sequence[ListedTable], names: Sequence[str]) -> list[ListedTable]:
    """The tables that people mean by their names; all where there are no names.

    Raises:
        SettingsError: a name means no table, or more than one.
    """
    return [_choose(tables, name) for name in names] if names else list(tables)


def _choose(tables: Sequence[ListedTable], name: str) -> ListedTable:
    bare = re.sub(r'"((?:[^"]|"")*)"', lambda quoted: quoted[1].replace('""', '"'), name)
    found: list[ListedTable] = []
    for spelling in (name, bare, bare.lower()):
        found = found or [t for t in tables if spelling in (t.table_name, t.name)]
    if len(found) == 1:
        return found[0]
    if found:
        raise SettingsError(
            f"{name} is the name of several tables",
            hint="say which: " + ", ".join(t.name for t in found),
        )
    known = [n for t in tables for n in (t.table_name, t.name)]
    near = difflib.get_close_matches(bare, known, n=1)
    hint = f"did you mean {near[0]}?" if near else NO_TABLE
    shown = name if name.strip() else f"{name!r}"
    raise SettingsError(f"{shown} is not in replicate_tables", hint=hint)


def enable_table(connection: Connection, table: ListedTable, *, enabled: bool) -> None:
    """Turn the user's switch of a table."""
    execute(connection, query("tables_enable"), {"id": table.id, "enabled": enabled})


def resolve_table(connection: Connection, table: ListedTable, resolve: str) -> None:
    """Say how concurrent changes of a table's rows are merged: row, column.

    Raises:
        SettingsError: by column, and it has a policy or counters, which are for rows merged whole.
    """
    if resolve == COLUMN and table.decides != LATEST:
        raise SettingsError(
            f"{table.name} has the policy {table.decides}, which is for rows merged whole",
            hint=f"first, at every site: bondreplicate tables policy {table.name} latest",
        )
    if resolve == COLUMN and (table.counters or table.counted):
        names = ", ".join(table.counters or table.counted)
        raise SettingsError(
            f"{table.name} has counters ({names}): it can only be merged by row",
            hint=f"first, at every site: bondreplicate tables counters {table.name} --none",
        )
    execute(connection, query("tables_resolve"), {"id": table.id, "resolve": resolve})


def set_policy(connection: Connection, table: ListedTable, policy: Policy) -> Policy:
    """Say which of two concurrent changes of a row stays.

    Returns:
        The policy, with the name of its function as it is to be called.

    Raises:
        SettingsError: the table is merged by column or has counters, a site is not in
            replicate_hosts, or the function is not there or is another than a hook has to be.
    """
    if policy != LATEST and table.resolve == COLUMN:
        raise SettingsError(
            f"{table.name} is merged by column: of each column the later value stays",
            hint=f"first, at every site: bondreplicate tables resolve {table.name} row",
        )
    if policy != LATEST and (table.counters or table.counted):
        raise SettingsError(
            f"{table.name} has counters: for it the later change stays, and all additions",
            hint=f"first, at every site: bondreplicate tables counters {table.name} --none",
        )
    known = {host.site for host in list_hosts(connection)}
    if unknown := [site for site in policy.sites if site not in known]:
        listed = ", ".join(str(site) for site in sorted(known)) or "none"
        raise SettingsError(
            f"site {unknown[0]} is not in replicate_hosts, for the policy of {table.name}",
            hint=f"listed are: {listed}",
        )
    hook = _check_hook(connection, policy.hook) if policy.hook else None
    values = {
        "id": table.id,
        "policy": policy.kind,
        "priority": list(policy.sites),
        "hook": hook,
    }
    execute(connection, query("tables_policy"), values)
    return replace(policy, hook=hook or "")


def _check_hook(connection: Connection, name: str) -> str:
    """The name of a function as it is to be called, if it can be a hook."""
    found = rows(connection, query("hook_function"), {"name": name}) if NAME.match(name) else []
    if not found:
        raise SettingsError(
            f"there is no function {name}{HOOK_LOOKS}",
            hint="create it at every site, and give its name with its schema",
        )
    [hook] = found
    if hook.kind != "f" or hook.many or hook.returns != "jsonb":
        raise SettingsError(
            f"{hook.name} does not return one jsonb", hint="a row as an object, or null: delete it"
        )
    if hook.volatility == "v":
        raise SettingsError(
            f"{hook.name} is VOLATILE: it might write",
            hint="declare it STABLE or IMMUTABLE, at every site",
        )
    return hook.name


def count_columns(connection: Connection, table: ListedTable, names: Sequence[str]) -> None:
    """Say to which columns of a table the changes of all sites add up.

    Raises:
        SettingsError: a column cannot be a counter, or the table has a policy.
    """
    if names and table.decides != LATEST:
        raise SettingsError(
            f"{table.name} has the policy {table.decides}: a table with counters has latest",
            hint=f"first, at every site: bondreplicate tables policy {table.name} latest",
        )
    shapes = {s.name: s for s in fetch_followed(connection)}
    shape = shapes.get((table.schema_name, table.table_name))
    if shape is None:
        raise SettingsError(f"{table.name} is not there any more", hint=NO_TABLE)
    if why := why_not_counted(shape, names):
        raise SettingsError(f"{table.name}: {why}", hint=COUNTERS)
    args = {"id": table.id, "counters": list(dict.fromkeys(names))}
    execute(connection, query("tables_counters"), args)
