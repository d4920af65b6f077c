"""Tables and sequences that appear at a running site and belong to somebody else."""

import json
from collections.abc import Iterator

import pytest

from tests.kit import Mesh, Site, available_versions, eventually
from tests.kit.mesh import make_mesh

OWNER, BOND = "shop_owner", "bond_role"
SETUP = "create table item (id serial primary key, name text)"
GRANTS = f"""
create role {OWNER}; create role {BOND} login; grant {OWNER} to {BOND};
grant set on parameter session_replication_role to {BOND};
grant set on parameter deadlock_timeout to {BOND};
"""
OWNED = f"""
alter table item owner to {OWNER};
grant all on schema public to {BOND};
alter schema bondreplicate owner to {BOND};
"""
GIVE = """
do $$ declare it record; begin
    for it in select c.oid::regclass as name from pg_class c
        where c.relnamespace = 'bondreplicate'::regnamespace and c.relkind in ('r', 'p') loop
        execute format('alter table %s owner to {role}', it.name);
    end loop;
    for it in select p.oid::regprocedure as name, p.prokind from pg_proc p
        where p.pronamespace = 'bondreplicate'::regnamespace or p.proname = 'replicate_down' loop
        execute format('alter %s %s owner to {role}',
            case it.prokind when 'p' then 'procedure' else 'function' end, it.name);
    end loop;
end $$;
""".replace("{role}", BOND)
ROOT = "create table root (id serial primary key, name text)"


@pytest.fixture
def site() -> Iterator[Site]:
    """Site 1 of two, with a role that is no superuser; no daemon runs yet."""
    mesh: Mesh = make_mesh([available_versions()[-1]] * 2, SETUP, own_clusters=True, start=False)
    one = mesh[1]
    one.execute(GRANTS)
    one.execute(OWNED)
    one.execute(GIVE)
    dsn = one.database.cluster.dsn(one.database.name, user=BOND)
    one.execute("update bondreplicate.replicate_hosts set dsn = %s where site = 1", [dsn])
    one.write_conf(dsn=dsn, site=1, maxsites=10)
    yield one
    mesh.end()


def _told(site: Site, event: str, about: str) -> list[str]:
    return [x for x in site.log.read_text().splitlines() if event in x and about in x]


def _follows(site: Site, name: str) -> bool:
    """Whether a table is replicated, and its sequence aligned."""
    return bool(
        site.query(
            "select from bondreplicate.replicate_tables t where t.active and t.table_name = %s"
            " and 10 = (select seqincrement from pg_sequence where seqrelid = to_regclass(%s))",
            [name, f"{name}_id_seq"],
        )
    )


def test_a_new_table_of_a_superuser_stops_nothing(site: Site) -> None:
    site.start_daemon()
    site.execute(ROOT)
    eventually(lambda: _told(site, "sequence_warning", "root_id_seq"), "the sequence is told")
    eventually(lambda: _told(site, "table_failed", "public.root"), "the table is told")
    for name in ("later", "latest"):  # all else goes on, and rounds go by
        site.execute(f"create table {name} (id serial primary key)")
        site.execute(f"alter table {name} owner to {OWNER}")
        eventually(lambda name=name: _follows(site, name), f"{name} is replicated")
    for event, about in (("sequence_warning", "root_id_seq"), ("table_failed", "public.root")):
        [line] = _told(site, event, about)
        assert json.loads(line)["level"] == "warning"
        assert json.loads(line)["hint"].startswith("alter table")
    reason = site.value("select reason from bondreplicate.replicate_sequence"
                        " where sequence_name = 'root_id_seq'")  # fmt: skip
    assert 'belongs to role "postgres"' in reason
    found = [f for f in site.cli_json("doctor", check=1) if f["check"] == "sequences"]
    assert ["alter table public.root owner to" in f["hint"] for f in found] == [True]

    site.restart_daemon()
    site.execute(f"alter table root owner to {OWNER}")
    eventually(lambda: _follows(site, "root"), "it is replicated under its new owner")


def test_the_first_start_refuses(site: Site) -> None:
    site.execute(ROOT)
    for _ in range(2):
        done = site.cli("init", check=4)
        assert 'public.root_id_seq belongs to role "postgres"' in done.stderr
        assert "hint: alter table public.root owner to ROLE" in done.stderr


def test_an_owner_that_changes_is_no_lock(site: Site) -> None:
    site.start_daemon()
    eventually(lambda: _follows(site, "item"), "it is replicated")
    site.execute("alter table item owner to postgres")
    told = site.cli_json("status", check=None)["sequences"]
    why = 'passed over, as it belongs to role "postgres": its values can collide'
    assert told == [f"sequence public.item_id_seq: {why}"]
    found = [f for f in site.cli_json("doctor", check=1) if f["check"] == "ownership"]
    assert {(f["message"], f["hint"].partition(" owner to ")[0]) for f in found} == {
        ("public.item belongs to postgres", "alter table public.item"),
        ("public.item_id_seq belongs to postgres", "alter table public.item"),
    }
