"""What takes four sites: a change that reaches one of them through another."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh
from tests.scenarios.steps import assert_whole, rows_of, settle, up

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15", "18"), proxies=True)
    yield mesh
    mesh.end()


def test_a_change_that_was_passed_on_is_remembered_as_its_makers(mesh: Mesh) -> None:
    """Site 4 has it from site 1, and must remember it until site 2 has it from site 3.

    Remembered as site 1's it was forgotten, and an older change of site 2 won at site 4 alone.
    """
    up(mesh, "create table k (id int primary key, t text)", "k")
    mesh[1].execute("insert into k values (1, '0')")
    settle(mesh)
    later = "clock_timestamp() + interval '60 s', floored_at = clock_timestamp()"
    mesh[3].execute(f"update bondreplicate.replicate_state set floor = {later}")
    shut = [mesh.proxies[link].flows for link in ((3, 2), (3, 4), (3, 1))]
    with mesh.proxies[1, 4].refusing():
        for flows in shut:
            flows.clear()
        mesh[1].execute("update k set t = 'one'")
        eventually(lambda: mesh[2].value("select t from k") == "one", "site 2 has that of site 1")
        mesh[3].execute("update k set t = 'three'")
        mesh.proxies[3, 1].flows.set()
        eventually(lambda: mesh[1].value("select t from k") == "three", "site 1 has it of site 3")
    eventually(lambda: mesh[4].value("select t from k") == "three", "site 4 has it through site 1")
    mesh.proxies[3, 4].flows.set()
    made_by = "select count(*) from bondreplicate.replicate_log where key = '{1}' and source = 3"
    for number in range(4):  # news of everybody gets round
        mesh[2].execute("insert into k values (%s, 'x')", [10 + number])
        eventually(
            lambda n=number: mesh[4].query("select from k where id = %s", [10 + n]), "it came", 20
        )
        assert mesh[4].value(made_by) > 0, "site 4 has forgotten what site 2 has not got"
    mesh[2].execute("update k set t = 'two' where id = 1")
    eventually(
        lambda: mesh[1].value("select count(*) from bondreplicate.replicate_error") > 0,
        "site 1 has had site 2's change",
        20,
    )
    mesh.proxies[3, 2].flows.set()
    assert_whole(mesh)
    assert rows_of(mesh, "k")[0] == (1, "three")


def test_what_a_removed_site_had_given_to_some_reaches_all(mesh: Mesh) -> None:
    up(mesh, "create table r (id int primary key, t text)", "r")
    mesh[2].execute("insert into r values (1, 'old'), (2, 'old')")
    settle(mesh)
    mesh.proxies[4, 2].flows.clear()
    mesh[4].execute("insert into r values (3, 'last words'); update r set t = 'new' where id = 1")
    mesh[4].execute("delete from r where id = 2")
    for site in (mesh[1], mesh[3]):
        eventually(lambda s=site: s.value("select count(*) from r where id = 3") == 1, "it has it")
    mesh[4].kill9_daemon()
    rest = mesh.sites[:3]
    for site in rest:
        site.cli("hosts", "remove", "4")
    eventually(lambda: mesh[2].query("select t from r where id = 3"), "site 2 has it too", 30)
    mesh.sites = rest
    assert_whole(mesh)
    assert rows_of(mesh, "r") == [(1, "new"), (3, "last words")]
