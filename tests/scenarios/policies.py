"""What scenarios of tables with a policy are told in."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import psycopg

from tests.kit import Mesh, eventually
from tests.scenarios.steps import Link, conflicts, parted, settle

FORTH: Sequence[Link] = ((1, 2), (2, 1), (1, 3), (2, 3), (3, 1), (3, 2))
BACK: Sequence[Link] = ((3, 2), (3, 1), (2, 3), (1, 3), (2, 1), (1, 2))
THROUGH_3: Sequence[Link] = ((1, 3), (3, 2), (2, 3), (2, 1), (1, 2), (3, 1))
ORDERS = {"forth": FORTH, "back": BACK, "through_3": THROUGH_3}
"""Orders of arrival."""

SAME = (
    "update bondreplicate.replicate_tables as t"
    " set policy = o.policy, priority = o.priority, hook = o.hook"
    " from bondreplicate.replicate_tables as o"
    " where t.table_name = any(%s) and o.table_name = %s and t.id <> o.id"
)
SHAPES = (
    "select array_agg(shape order by id) from bondreplicate.replicate_tables"
    " where active and table_name = any(%s)"
)


def set_policies(mesh: Mesh, policies: Mapping[str, Sequence[str]]) -> None:
    """Give tables policies at every site, as `tables policy TABLE` takes them, and settle."""
    tables = list(policies)
    before = {site.number: set(site.value(SHAPES, [tables])) for site in mesh}
    for site in mesh:
        for policy in set(policies.values()):
            alike = [t for t in tables if policies[t] == policy]
            site.cli("tables", "policy", alike[0], *policy)
            site.execute(SAME, [alike, alike[0]])
    for site in mesh:
        eventually(
            lambda s=site: before[s.number].isdisjoint(s.value(SHAPES, [tables])),
            f"{site} follows the policies",
            timeout_s=30,
        )
    settle(mesh, 30)


def among(mesh: Mesh, order: Sequence[Link]) -> list[Link]:
    """Those links that a mesh has."""
    return [link for link in order if link in mesh.proxies]


def told(mesh: Mesh, table: str, rule: str) -> list[dict[str, Any]]:
    """The conflicts of a table that were decided by a rule, as every site tells them."""

    def are_told() -> list[list[dict[str, Any]]]:
        found = [[c for c in conflicts(site, table) if rule in c["rule"]] for site in mesh]
        assert all(f == found[0] for f in found), found
        return found

    return eventually(are_told, "every site tells of the same conflicts", 10)[0]


APPLY = "select pg_advisory_lock(1651469924, 1)"
"""What a batch holds while it is applied at a site."""
WAITING = (
    "select count(*) from pg_locks"
    " where locktype = 'advisory' and classid = 1651469924 and objid = 1 and not granted"
)


@contextlib.contextmanager
def crossing(mesh: Mesh, writers: Sequence[int] = (1, 2)) -> Iterator[None]:
    """What these sites write inside the block crosses: all is cut before any of it is applied."""
    with contextlib.ExitStack() as held:
        with parted(mesh):
            for site in mesh:
                held.enter_context(psycopg.connect(site.dsn, autocommit=True)).execute(APPLY)
            yield
        for site in mesh:
            cut = len({*writers} - {site.number})
            eventually(lambda s=site, n=cut: s.value(WAITING) >= n, f"batches wait at {site}", 30)
    settle(mesh)
