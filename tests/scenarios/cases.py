"""Cases of concurrent writes as data: many are played in one go, and each is judged by itself.

A case has tables of its own in a schema of its own, once for each site that may write last. What
is to be found in the end is said beforehand, by the rules in docs/explanation/conflicts.md.
"""

import contextlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from bondreplicate.core.policies import LATEST, Policy
from tests.kit import Mesh, Site, eventually
from tests.scenarios.steps import Link, assert_whole, parted, settle, thaw, wait_delivered
from tests.scenarios.watch import watched_foreign_keys

ACTIVE_IN = (
    "select count(*) from bondreplicate.replicate_tables where active and schema_name = any(%s)"
)
SAY = (
    "update bondreplicate.replicate_tables set policy = %(policy)s, priority = %(priority)s, hook ="
    " schema_name || '.' || %(hook)s where schema_name = any(%(schemas)s)"
)
SHAPES = (
    "select array_agg(shape order by id) from bondreplicate.replicate_tables"
    " where active and schema_name = any(%s)"
)
PATIENCE_S = 120
"""A batch of all cases is large for a machine that has other things to do."""
TOLD = (
    "key", "kind", "rule", "columns", "winner_stamp", "winner_site", "winner_repair", "winner_row",
    "winner_key", "loser_stamp", "loser_site", "loser_repair", "loser_row", "constraint_name",
)  # fmt: skip
"""What every site must tell alike of a conflict."""


class Kind(Enum):
    """What clashes: headings of docs/explanation/matrix.md, in its order."""

    ROW = "The same row changed at two sites"
    INSERT = "The same key inserted at two sites"
    DELETE = "A row deleted, written or deleted elsewhere"
    AGAIN = "A row deleted and inserted again, changed elsewhere"
    KEY = "A key changed, written elsewhere"
    CODE = "What children reference changed, a child written elsewhere"
    UNIQUE = "One unique value in rows of several sites"
    UNIQUE_PARENT = "Unique rows that have children"
    EXCLUDE = "EXCLUDE: rows that overlap"
    ORPHAN = "A parent deleted, a child written elsewhere"
    TRUNCATE = "TRUNCATE, rows written elsewhere"
    POLICY = "Tables with a policy"
    ALONE = "Written by one site alone"


@dataclass(frozen=True)
class Outcome:
    """What is to be found at every site.

    Attributes:
        rows: Of each table of the case, in the order of the first column.
        lost: Of each conflict "table kind key: values of the row that lost", or "... key: gone".
    """

    rows: Mapping[str, Sequence[tuple[Any, ...]]]
    lost: Collection[str] = ()


@dataclass(frozen=True)
class Case:
    """Writes that do not know of each other.

    Attributes:
        name: Begins with the number of the scenario.
        kind: What clashes.
        title: What is written, in a line.
        setup: Makes the tables, at every site.
        a: Statements of site 1; `b` and `c` those of the sites 2 and 3.
        a_later: What is found where site 1 writes last; several: any of them.
        b_later: Where site 2 does; left out: the same.
        sites: How many it takes.
        alone: Only `a` has statements. Of three sites the first writes them while no link works;
            of two the second does so one by one, while all do.
        policy: Of its tables. A hook is in the schema of the case.
    """

    name: str
    kind: Kind
    title: str
    setup: str
    a: Sequence[str]
    a_later: Outcome | Sequence[Outcome]
    b_later: Outcome | Sequence[Outcome] | None = None
    b: Sequence[str] = ()
    c: Sequence[str] = ()
    sites: int = 2
    alone: bool = False
    policy: Policy = LATEST

    def schema(self, later: int, run: str) -> str:
        """Where its tables are."""
        return f"{self.name}_{'ab'[later - 1]}_{run}"

    def played(self, sites: int) -> Sequence[int]:
        """Which sites write last, in turn."""
        return (1, 2) if not self.alone else (1,) if sites > 2 else (2,)

    def outcomes(self, later: int) -> Sequence[Outcome]:
        """What may be found where site `later` writes last."""
        found = self.b_later if later == 2 and self.b_later is not None else self.a_later
        return [found] if isinstance(found, Outcome) else found


@dataclass(frozen=True)
class Found:
    """What was there in the end.

    Attributes:
        rows: Of each table, by site.
        told: Conflicts of each site.
    """

    rows: Mapping[str, Sequence[Sequence[tuple[Any, ...]]]]
    told: Sequence[Sequence[Mapping[str, Any]]]


def write(site: Site, statements: Sequence[tuple[str, Sequence[str]]]) -> None:
    """Run the statements of several schemas, each as a transaction of its own."""
    with site.database.connect() as session:
        for schema, own in statements:
            session.execute("select set_config('search_path', %s, false)", [schema])
            for statement in own:
                session.execute(statement.encode())


def setup_sql(cases: Sequence[Case], run: str, sites: int) -> str:
    """Makes the tables of all cases, for a mesh of so many sites."""
    return "".join(
        f"create schema {case.schema(later, run)};"
        f"set search_path = {case.schema(later, run)}; {case.setup};"
        for case in cases
        for later in case.played(sites)
    )


def wait_active(mesh: Mesh, cases: Sequence[Case], run: str) -> None:
    """Wait until the tables of all cases are replicated."""
    played = [(case, later) for case in cases for later in case.played(len(mesh.sites))]
    schemas = [case.schema(later, run) for case, later in played]
    tables = sum(len(case.outcomes(later)[0].rows) for case, later in played)
    for site in mesh:
        eventually(
            lambda site=site: site.value(ACTIVE_IN, [schemas]) == tables,
            f"{site} replicates the tables of all cases",
            60,
        )
    settle(mesh)


def say_policies(mesh: Mesh, cases: Sequence[Case], run: str) -> None:
    """Give the tables of cases their policies, and wait until every site follows them."""
    said = [case for case in cases if case.policy != LATEST]
    schemas = [case.schema(later, run) for case in said for later in (1, 2)]
    for site in mesh:
        before = set(site.value(SHAPES, [schemas]))
        for case in said:
            own = [case.schema(later, run) for later in (1, 2)]
            policy, priority = case.policy.kind, list(case.policy.sites)
            values = {"policy": policy, "priority": priority, "hook": case.policy.hook or None}
            site.execute(SAY, values | {"schemas": own})
        eventually(
            lambda site=site, before=before: before.isdisjoint(site.value(SHAPES, [schemas])),
            f"{site} follows the policies",
            30,
        )
    settle(mesh)


def play(mesh: Mesh, cases: Sequence[Case], run: str, order: Sequence[Link]) -> dict[str, Found]:
    """Write all cases while the sites are parted, and let them settle.

    Args:
        mesh: Made with proxies, and with `setup_sql`.
        cases: Those that take more sites than there are must not be among them.
        run: Names the schemas, beside the case and who writes last.
        order: In which links open; each delivers before the next one opens.

    Returns:
        What was found, by schema.
    """
    wait_active(mesh, cases, run)
    say_policies(mesh, cases, run)
    with watched_foreign_keys(mesh.dsns):
        with parted(mesh):
            for link in order:
                mesh.proxies[link].flows.clear()
            for later in (1, 2):
                for number in (3 - later, 3, later):
                    if number <= len(mesh.sites):
                        write(mesh[number], written_apart(mesh, cases, number, later, run))
            for link in order:
                mesh.proxies[link].flows.set()
                thaw(mesh)
                wait_delivered(mesh, link, PATIENCE_S)
        if len(mesh.sites) == 2:
            write(mesh[2], [(case.schema(2, run), case.a) for case in cases if case.alone])
        assert_whole(mesh)
    told = told_by_schema(mesh)
    return {
        case.schema(later, run): Found(
            {
                table: [rows_at(site, case.schema(later, run), table) for site in mesh]
                for table in case.outcomes(later)[0].rows
            },
            [of_site.get(case.schema(later, run), []) for of_site in told],
        )
        for case in cases
        for later in case.played(len(mesh.sites))
    }


def rows_at(site: Site, schema: str, table: str) -> list[tuple[Any, ...]]:
    """All rows of a table at one site."""
    return site.query(f"select found.* from {schema}.{table} as found order by found")


def written_apart(
    mesh: Mesh, cases: Sequence[Case], number: int, later: int, run: str
) -> list[tuple[str, Sequence[str]]]:
    """What a site writes while it is parted from the others, by schema."""
    return [
        (case.schema(later, run), (case.a, case.b, case.c)[number - 1])
        for case in cases
        if later in case.played(len(mesh.sites)) and not (case.alone and later == 2)
    ]


def told_by_schema(mesh: Mesh) -> list[dict[str, list[dict[str, Any]]]]:
    """Conflicts of each site, when all tell alike or some seconds have passed."""
    found: list[dict[str, list[dict[str, Any]]]] = []

    def are_alike() -> bool:
        found[:] = [conflicts_of(site) for site in mesh]
        return all(of_site == found[0] for of_site in found)

    with contextlib.suppress(AssertionError):
        eventually(are_alike, "all sites tell alike", 5)
    return found


def conflicts_of(site: Site) -> dict[str, list[dict[str, Any]]]:
    """Conflicts that a site tells of, by schema."""
    found: dict[str, list[dict[str, Any]]] = {}
    for told in site.conflicts():
        kept = {name: told[name] for name in ("table_name", *TOLD)}
        found.setdefault(told["schema_name"], []).append(kept)
    return {schema: sorted(told, key=str) for schema, told in found.items()}


def in_words(told: Mapping[str, Any]) -> str:
    """A conflict as `Outcome.lost` says it."""
    row = told["loser_row"]
    values = "gone" if row is None else " ".join("null" if v is None else v for v in row)
    # A row that lost to a TRUNCATE is of this kind or of that, by which of them came first.
    kind = "concurrent" if told["kind"] == "truncate" else told["kind"]
    return f"{told['table_name']} {kind} {' '.join(told['key'])}: {values}"


def judge(case: Case, later: int, found: Found) -> None:
    """Every site has the rows and tells of the conflicts that one of the outcomes says."""
    for table, by_site in found.rows.items():
        assert all(rows == by_site[0] for rows in by_site), f"{table}: {by_site}"
    for told in found.told:
        assert told == found.told[0], "sites tell of different conflicts"
    rows = {table: by_site[0] for table, by_site in found.rows.items()}
    lost = {in_words(told) for told in found.told[0]}
    allowed = [
        ({table: list(rows) for table, rows in outcome.rows.items()}, set(outcome.lost))
        for outcome in case.outcomes(later)
    ]
    assert (rows, lost) in allowed, f"\n{(rows, lost)}\n{allowed}"
