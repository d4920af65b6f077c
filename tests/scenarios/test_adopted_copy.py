"""What a copy remembers, when it becomes a site, of changes that a third site made."""

from collections.abc import Callable

from tests.kit import Mesh, eventually
from tests.scenarios.test_missed import COUNT, LOG, SETUP, copied

AHEAD = "select pg_snapshot_xmax(pg_current_snapshot())::text::bigint + 10000"
BURN = """
do $$ begin
    while pg_snapshot_xmax(pg_current_snapshot())::text::bigint < {} loop
        perform pg_current_xact_id();
        commit;
    end loop;
end $$
"""


def test_a_copy_remembers_a_third_site_by_that_sites_own_transactions(
    new_mesh: Callable[..., Mesh],
) -> None:
    """Those of the site that was copied are numbered otherwise, and far ahead."""
    mesh = new_mesh(("16", "18"), SETUP)
    one, two = mesh
    for site in mesh:  # from now on it is kept for the copy
        site.cli("hosts", "add", "3", "site3", "host=/nowhere")
    one.execute(BURN.format(two.value(AHEAD)))
    two.execute("insert into item values (1, 'by site 2')")
    eventually(lambda: one.value(COUNT) == 1, "site 1 has it")
    three = copied(mesh, one, 3)
    one.execute("update item set name = 'by site 1, which had seen it'")
    three.start_daemon()
    eventually(lambda: three.query("select from item where name ~ 'seen'"), "the copy has it")
    assert not three.conflicts()
    eventually(lambda: three.value(LOG) == 0, "the copy forgets it")
    mesh.assert_whole()
