"""What comes by two ways is written once: triggers that are ENABLE ALWAYS would tell it twice."""

from collections.abc import Iterator

import pytest

from tests.kit import Mesh, eventually, make_mesh, pause
from tests.scenarios.steps import assert_whole, freeze, settle, thaw, up

pytestmark = pytest.mark.timeout(120)

TABLES = """
create table t (id int primary key, v text);
create table told (id int, v text);
create function public.tell() returns trigger language plpgsql set search_path = public as $$
begin
    insert into told (id, v) values (new.id, new.v);
    return null;
end $$;
create trigger tell after insert or update on t for each row execute function public.tell();
alter table t enable always trigger tell
"""
ROW = "select v from t where id = 1"


@pytest.fixture
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("18", "16", "15"), proxies=True)
    yield mesh
    mesh.end()


def test_a_row_that_a_third_site_passed_on_before_its_maker_sent_it(mesh: Mesh) -> None:
    """Nobody else needs to know its version by then, but this site does."""
    up(mesh, TABLES, "t")
    freeze(mesh)
    mesh[3].execute("insert into t values (1, 'earlier')")
    mesh[1].execute("insert into t values (1, 'later')")
    mesh.proxies[1, 2].flows.clear()
    mesh.proxies[3, 2].flows.clear()
    thaw(mesh)
    eventually(lambda: mesh[3].query(ROW) == [("later",)], "site 3 has the later row")
    mesh.proxies[3, 2].flows.set()
    eventually(lambda: mesh[2].query(ROW) == [("later",)], "it was passed on to site 2")
    pause(2)  # Parts of the log are closed, and forgotten if they may be.
    mesh.proxies[1, 2].flows.set()
    settle(mesh)
    assert mesh[2].query("select v from told where id = 1") == [("later",)]
    for site in mesh:
        site.execute("drop table told cascade; drop trigger tell on t")
    assert_whole(mesh)
