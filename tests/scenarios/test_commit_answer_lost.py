"""Scenario 96: COMMIT was sent and done, and its answer is lost."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh, mixed_versions
from tests.scenarios.watch import AUDITED_SHOP, assert_applied_once, keep_audit_apart


@pytest.fixture(scope="module")
def pair() -> Iterator[Mesh]:
    mesh = make_mesh(mixed_versions(2), AUDITED_SHOP, proxies=True, start=False)
    keep_audit_apart(mesh)
    mesh.start()
    yield mesh
    mesh.end()


@pytest.mark.parametrize("times", [1, 3])
def test_s96_the_answer_to_commit_is_lost(pair: Mesh, times: int) -> None:
    """The link connects again, reads the position there, and sees that the batch was applied."""
    first, peer = pair
    pair.settle()
    before = batches(pair)
    start = peer.value("select count(*) from event")
    with pair.proxies[1, 2].lose_answer_to(b"COMMIT", times=times) as lost:
        for number in range(times):
            first.execute(
                "insert into event (id, what)"
                " select gen_random_uuid(), 'n' from generate_series(1, 100)"
            )
            # A batch that tells positions may have taken the last turn.
            eventually(lambda: lost.lost.is_set() or not lost.left, "an answer is lost")
            lost.lost.clear()
            arrived = 100 * (number + 1)
            eventually(
                lambda n=start + arrived: peer.value("select count(*) from event") == n,
                "what was committed is there",
            )
        assert lost.left == 0
    pair.assert_whole()
    assert_applied_once(pair)
    assert not first.conflicts()
    assert not peer.conflicts()
    assert batches(pair) > before


def batches(mesh: Mesh) -> int:
    return mesh[2].value(
        "select coalesce(sum(batches), 0)::bigint from bondreplicate.replicate_position"
    )
