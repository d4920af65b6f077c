"""Rows that everybody writes all the time must not keep a link from ever getting through."""

from collections.abc import Callable
from contextlib import ExitStack

from tests.kit import Mesh, checkers, eventually, mixed_versions
from tests.kit.workloads import Pgbench, pgbench_tables


def test_links_get_through_while_tpcb_runs_at_both_ends(new_mesh: Callable[..., Mesh]) -> None:
    """All clients meet at one branch row, and lock tables in another order than a batch does."""
    mesh = new_mesh(mixed_versions(2), start=False)
    for site in mesh:
        pgbench_tables(site.database)
    mesh.start()
    with ExitStack() as stack:
        runs = [
            stack.enter_context(Pgbench(site.database, 90, clients=3, seed=site.number))
            for site in mesh
        ]
        for site in mesh:
            for _ in range(3):
                before = rows_applied(site.dsn)
                eventually(
                    lambda dsn=site.dsn, before=before: rows_applied(dsn) > before,
                    f"a batch arrives at {site} while clients write",
                    timeout_s=10,
                )
        assert all(run.is_running() for run in runs)
        for run in runs:
            assert run.end().failed == 0
    mesh.assert_whole()


def rows_applied(dsn: str) -> int:
    return checkers.activity(dsn)[1]
