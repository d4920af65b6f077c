"""Scenario 96: COMMIT was sent and done, and its answer is lost."""

import uuid
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, eventually, make_mesh, mixed_versions
from tests.scenarios.watch import AUDITED_SHOP, assert_applied_once, keep_audit_apart

HELD = (
    "select incarnation::text, position::text, proof"
    " from bondreplicate.replicate_position where site = 1"
)
CHECK = (
    "select bondreplicate.check_position(1::smallint, %(incarnation)s::uuid,"
    " %(position)s::pg_snapshot, pg_current_snapshot(), %(proof)s)"
)


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


@pytest.mark.parametrize("wrong", ["nothing", "incarnation", "position", "proof"])
def test_only_what_goes_on_from_the_last_batch_is_taken(pair: Mesh, wrong: str) -> None:
    """What a session sends that was cut off, and another one has taken over from."""
    first, peer = pair
    pair.settle()
    first.stop_daemon()
    try:
        [held] = peer.query(HELD)
        sent = dict(zip(("incarnation", "position", "proof"), held, strict=True))
        other = {"incarnation": str(uuid.uuid4()), "position": "3:3:", "proof": "another"}
        sent |= {wrong: other[wrong]} if wrong in other else {}
        refusal = {"incarnation": "BR011", "position": "BR010", "proof": "BR010"}.get(wrong)
        with peer.database.connect() as session:
            try:
                session.execute(CHECK, sent)
                said = None
            except psycopg.Error as error:
                said = error.sqlstate
        assert said == refusal
    finally:
        first.start_daemon()


def batches(mesh: Mesh) -> int:
    return mesh[2].value(
        "select coalesce(sum(batches), 0)::bigint from bondreplicate.replicate_position"
    )
