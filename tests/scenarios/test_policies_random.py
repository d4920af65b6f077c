"""Random writes at three sites to tables with policies, links opened in random orders.

The oracle is that of every scenario: idle, connected sites hold the same rows, no child is without
its parent, nothing is remembered or parked, and every site tells of the same conflicts.
"""

import contextlib
import os
import random
from collections.abc import Iterator

import psycopg
import pytest

from tests.kit import Mesh, Site, make_mesh
from tests.scenarios.policies import FORTH, set_policies, told
from tests.scenarios.steps import assert_whole, parted, up

pytestmark = [pytest.mark.soak, pytest.mark.timeout(1800)]

SEED = int(os.environ.get("BOND_SEED", "1"))
ROUNDS = int(os.environ.get("BOND_ROUNDS", "12"))
FORM = "(key text[], later jsonb, earlier jsonb, later_version jsonb, earlier_version jsonb)"
SETUP = f"""
create function here() returns int stable language sql as
    'select site::int from bondreplicate.replicate_state';
create function moody{FORM} returns jsonb stable language sql as $$
    select case (coalesce(length(later::text), 3) + public.here()) % 4
        when 0 then null
        when 1 then later
        when 2 then earlier
        else jsonb_build_object('t', 'made at ' || public.here())
    end $$;
create function longer{FORM} returns jsonb immutable language sql as $$
    select coalesce(later, earlier)
        || jsonb_build_object('t', coalesce(later ->> 't', '') || (earlier ->> 't')) $$;
"""
TABLE = "create table {t} (id int primary key, t text, code text, p int{more});"
TABLES = {
    "by_site": "",
    "by_moody": "",
    "by_longer": "",
    "unique_site": ", unique (code)",
    "unique_moody": ", unique (code)",
    "child_site": " references by_site",
    "child_moody": " references by_moody on delete cascade",
    "child_set": " references unique_moody on delete set null",
}
"""What each table has beside its columns; the policy is in the name."""
PARENTS = {"child_site": "by_site", "child_moody": "by_moody", "child_set": "unique_moody"}
POLICIES = {
    "site": ("site-priority", "--sites", "2,3"),
    "moody": ("hook", "--function", "public.moody"),
    "longer": ("hook", "--function", "public.longer"),
    "set": ("site-priority", "--sites", "3"),
}

PUT = """
insert into {t} values (%(key)s, %(word)s, %(code)s, %(p)s)
on conflict (id) do update set t = excluded.t, code = excluded.code, p = excluded.p
"""
STATEMENTS = (
    PUT,
    "update {t} set t = %(word)s where id = %(key)s",
    "update {t} set code = %(code)s, p = %(p)s where id = %(key)s",
    "delete from {t} where id = %(key)s",
)


@pytest.fixture(scope="module")
def mesh() -> Iterator[Mesh]:
    mesh = make_mesh(("15", "18", "16"), proxies=True)
    setup = "".join(TABLE.format(t=t, more=more) for t, more in TABLES.items())
    up(mesh, SETUP + setup, *TABLES)
    set_policies(mesh, {t: POLICIES[t.split("_")[1]] for t in TABLES})
    yield mesh
    mesh.end()


def write(site: Site, rng: random.Random) -> None:
    """One statement; where the site itself refuses it, nothing."""
    table, key = rng.choice(list(TABLES)), rng.randint(1, 6)
    word, code = f"s{site.number}r{rng.randrange(100)}", rng.choice("abcdef")
    parent = rng.randint(1, 6) if table in PARENTS and rng.random() < 0.7 else None
    statement = rng.choice(STATEMENTS)
    values = {"key": key, "word": word, "code": code, "p": parent}
    with contextlib.suppress(psycopg.IntegrityError):
        site.execute(statement.format(t=table), values)


SAY = (
    "update bondreplicate.replicate_tables set policy = %s, priority = %s, hook = %s"
    " where table_name = %s"
)
SAID = (
    ("latest", [], None),
    ("site_priority", [2, 3], None),
    ("site_priority", [1], None),
    ("hook", [], "public.moody"),
    ("hook", [], "public.longer"),
)


def say(mesh: Mesh, rng: random.Random) -> None:
    """Another policy for a table; now and then not at every site."""
    table, said = rng.choice(list(TABLES)), rng.choice(SAID)
    for site in rng.sample(list(mesh), rng.randint(1, 3)):
        site.execute(SAY, [*said, table])


@contextlib.contextmanager
def refused(site: Site, rng: random.Random) -> Iterator[None]:
    """What one site alone refuses waits there; then no more."""
    table, word = rng.choice(list(TABLES)), rng.choice(("%made%", "%s1%", "%s2%", "%s3%"))
    site.execute(
        f"alter table {table} add constraint refused check (t not like '{word}') not valid"
    )
    try:
        yield
    finally:
        site.execute(f"alter table {table} drop constraint refused")


def play(mesh: Mesh, rng: random.Random) -> None:
    """One round; at its end something may be under way, or wait."""
    order = rng.sample(FORTH, len(FORTH)) if rng.random() < 0.7 else None
    with parted(mesh, order):
        for _ in range(rng.randint(4, 30)):
            write(rng.choice(list(mesh)), rng)
    for _ in range(rng.randint(0, 10)):
        write(rng.choice(list(mesh)), rng)
    if rng.random() < 0.3:
        victim = rng.choice(list(mesh))
        victim.kill9_daemon()
        write(victim, rng)
        victim.start_daemon()


@pytest.mark.parametrize("seed", range(SEED, SEED + 3))
def test_sites_end_the_same(mesh: Mesh, seed: int) -> None:
    rng = random.Random(seed)
    for _ in range(ROUNDS):
        if rng.random() < 0.3:
            say(mesh, rng)
        with (
            refused(rng.choice(list(mesh)), rng) if rng.random() < 0.4 else contextlib.nullcontext()
        ):
            play(mesh, rng)
        if rng.random() < 0.3:
            assert_whole(mesh)
    assert_whole(mesh)
    for table in TABLES:
        told(mesh, table, "")
