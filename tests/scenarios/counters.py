"""What scenarios of tables with counters are told in."""

from tests.kit import Mesh, eventually
from tests.scenarios.steps import settle, up

COUNTERS = "update bondreplicate.replicate_tables set counters = %s where table_name = any(%s)"
COUNTED = (
    "select count(*) from bondreplicate.replicate_tables"
    " where counted = %s and counters = counted and table_name = any(%s)"
)


def count(mesh: Mesh, columns: list[str], *tables: str) -> None:
    """Have columns of tables add up at every site, and settle."""
    for site in mesh:
        site.execute(COUNTERS, [columns, list(tables)])
    for site in mesh:
        eventually(
            lambda site=site: site.value(COUNTED, [columns, list(tables)]) == len(tables),
            f"{site} adds up {columns} of {tables}",
            timeout_s=60,
        )
    settle(mesh, 30)


def up_counted(mesh: Mesh, setup_sql: str, *tables: str) -> None:
    """Make tables at every site whose column n is a counter, and settle."""
    up(mesh, setup_sql, *tables)
    count(mesh, ["n"], *tables)
