"""`conflicts undo` where the change would not travel: nothing is written."""

from collections.abc import Callable

from tests.integration.pair import make_pair
from tests.kit import Mesh


def test_what_would_stay_at_this_site_is_not_written(new_mesh: Callable[..., Mesh]):
    one, _ = make_pair(new_mesh)  # its triggers note nothing
    one.execute(
        "insert into item values (5, 'won');"
        "insert into bondreplicate.replicate_error (source, schema_name, table_name, key, kind,"
        " rule, outcome, columns, winner_site, winner_row, loser_site, loser_row) values"
        " (1, 'public', 'item', '{5}', 'concurrent', 'r', 'o', '{id,name}', 1, '{5,won}', 2,"
        " '{5,lost}')"
    )
    lost = one.cli("conflicts", "undo", "1", check=4)
    assert "error: the change was not captured, and would stay at this site" in lost.stderr
    state = "update bondreplicate.replicate_state set went_down_at = "
    one.execute(state + "now()")
    assert "replication is down at site 1" in one.cli("conflicts", "undo", "1", check=4).stderr
    one.execute(
        state + "null; update bondreplicate.replicate_tables set active = false, reason = 'off'"
    )
    refused = one.cli("conflicts", "undo", "1", "--force", check=1)
    assert "public.item is not replicated" in refused.stderr
    assert one.value("select name from item") == "won"
    assert one.cli_json("conflicts", "list")[0]["undone_at"] is None
