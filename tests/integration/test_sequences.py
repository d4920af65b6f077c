"""Sequences of several sites on real servers: no id is handed out twice, whoever does what.

How ids could collide is written down in docs/explanation/sequences.md; each way has a test.
"""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from bondreplicate.border import database as border
from bondreplicate.border import sqlfiles
from bondreplicate.core.sequence_model import Range
from bondreplicate.errors import UnfitSite
from bondreplicate.site.sequences import (
    SequenceReport,
    align_sequences,
    check_sequences,
    fetch_used,
)
from tests.kit.binaries import available_versions, mixed_versions
from tests.kit.clusters import Database
from tests.kit.eventually import eventually

NewDatabase = Callable[..., Database]


@dataclass
class SiteDatabase:
    """A database that is, or will be, a site."""

    database: Database
    connection: border.Connection
    writer: psycopg.Connection[Any]

    def align(self, site: int, maxsites: int = 10, **options: Any) -> dict[str, SequenceReport]:
        """One round of the daemon, by name of the sequence."""
        found = align_sequences(self.connection, site, maxsites, **options)
        return {report.name: report for report in found}

    def draw(self, sequence: str, count: int = 1) -> list[int]:
        """Values from nextval()."""
        statement = "select nextval(%s) from generate_series(1, %s)"
        return [row[0] for row in self.writer.execute(statement, (sequence, count))]

    def run(self, statement: Any) -> list[Any]:
        """The writer's statement; rows if it has any."""
        cursor = self.writer.execute(statement)
        return cursor.fetchall() if cursor.description else []

    def dump(self) -> str:
        """The user's schema, as pg_dump writes it, without what differs at every run."""
        text = self.database.cluster.pg_dump(
            self.database.name, "--schema-only", "--exclude-schema=bondreplicate"
        )
        return "\n".join(x for x in text.splitlines() if not x.startswith(("\\", "--")))


def install(database: Database) -> None:
    """What sequences need of the schema bondreplicate."""
    database.execute("create schema bondreplicate")
    database.execute(sqlfiles.text("structure", "001_site"))
    for name in ("sequence_columns", "sequence_state", "sequence_used", "restore_sequences"):
        database.execute(sqlfiles.text("functions", name))


def opened(database: Database) -> SiteDatabase:
    connection = border.connect(database.dsn, role="test")
    return SiteDatabase(database, connection, database.connect())


@pytest.fixture
def new_site(new_database: NewDatabase) -> Iterator[Callable[..., SiteDatabase]]:
    """Makes a database with the user's schema and bondreplicate's, not aligned yet."""
    made: list[SiteDatabase] = []

    def make(
        setup_sql: str = "", version: str | None = None, copy_of: SiteDatabase | None = None
    ) -> SiteDatabase:
        database = new_database(version or available_versions()[-1])
        if copy_of:
            source = copy_of.database
            dump = source.cluster.pg_dump(source.name)
            database.psql(dump.replace("SET transaction_timeout = 0;", ""))
        else:
            install(database)
            if setup_sql:
                database.execute(setup_sql)
        made.append(opened(database))
        return made[-1]

    yield make
    for site in made:
        site.connection.close()
        site.writer.close()


NewSite = Callable[..., SiteDatabase]


@pytest.mark.parametrize("version", available_versions())
def test_next_value_6432_becomes_64321_once(new_site: NewSite, version: str) -> None:
    site = new_site("create sequence s; select setval('s', 6431)", version)
    report = site.align(1)["s"]
    assert (report.state, report.changed, report.next_value) == ("aligned", "first", 64321)
    assert report.warning is None
    assert site.align(1)["s"].changed is None
    assert site.draw("s", 3) == [64321, 64331, 64341]
    assert site.align(1)["s"].changed is None
    assert site.draw("s") == [64351]


def test_copies_on_other_versions_go_on_beyond_the_rows(new_site: NewSite) -> None:
    """Scenario 133, with a copy of a copy; rows came without nextval()."""
    versions = mixed_versions(3)
    first = new_site(
        "create table sc (id bigserial primary key);"
        "insert into sc select from generate_series(1, 1007)",
        versions[0],
    )
    first.run("create table by_hand (id bigserial primary key)")
    first.run("insert into by_hand select x from generate_series(1, 1007) x")
    first.align(1)
    second = new_site(version=versions[1], copy_of=first)
    second.align(2)
    third = new_site(version=versions[2], copy_of=second)
    third.align(3)
    sites = (first, second, third)
    assert [s.draw("by_hand_id_seq")[0] for s in sites] == [1011, 1012, 1013]
    assert [s.draw("sc_id_seq")[0] for s in sites] == [10081, 10082, 10083]
    for number, site in enumerate(sites, 1):
        assert all(r.changed is None for r in site.align(number).values())
        assert site.draw("sc_id_seq") == [10090 + number]


def test_sites_under_load_then_growth_never_give_an_id_twice(new_site: NewSite) -> None:
    """Scenario 132 without daemons: writers never stop while sites are aligned and grow."""
    sites = {1: new_site("create table sq (id serial primary key, s int)")}
    sites[1].align(1)
    sites[1].run("insert into sq (s) values (1)")
    for number in (2, 3):
        sites[number] = new_site(copy_of=sites[1])
        sites[number].align(number)
    used: dict[int, int] = {}
    with Writers(sites, used):
        eventually(lambda: len(used) > 1000, what="values at 10 sites")
        for number in (1, 2, 3):
            eventually(
                lambda n=number: sites[n].align(n, 100)["sq_id_seq"].state == "aligned",
                what="growth",
            )
        elsewhere = {
            name: Range(
                min(fetch_used(s.connection)[name].low for s in sites.values()),
                max(fetch_used(s.connection)[name].high for s in sites.values()),
            )
            for name in [("public", "sq_id_seq")]
        }
        before = len(used)
        eventually(lambda: len(used) > before + 500, what="values at 100 sites")
    for number in (10, 11, 12):
        sites[number] = new_site(copy_of=sites[2])
        sites[number].align(number, 100, elsewhere=elsewhere)
    with Writers(sites, used):
        before = len(used)
        eventually(lambda: len(used) > before + 1000, what="values at new sites")
    for number, site in sites.items():
        assert {v % 100 for v in site.draw("sq_id_seq", 20)} == {number}


class Writers:
    """Two sessions per site that insert all the time; any id seen twice fails the test."""

    def __init__(self, sites: dict[int, SiteDatabase], used: dict[int, int]) -> None:
        self.used, self.twice, self.over = used, [], threading.Event()
        self.lock = threading.Lock()
        self.threads = [
            threading.Thread(target=self.write, args=(number, site))
            for number, site in sites.items()
            for _ in range(2)
        ]

    def write(self, number: int, site: SiteDatabase) -> None:
        with site.database.connect() as connection:
            while not self.over.is_set():
                statement = "insert into sq (s) values (%s) returning id"
                row = connection.execute(statement, (number,)).fetchone()
                assert row
                with self.lock:
                    if row[0] in self.used:
                        self.twice.append((row[0], number, self.used[row[0]]))
                    self.used[row[0]] = number

    def __enter__(self) -> "Writers":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
        assert not self.twice


def test_alignment_while_many_sessions_with_a_cache_draw(new_site: NewSite) -> None:
    """Values that sessions had cached before the alignment are never handed out after it."""
    site = new_site("create sequence s cache 50")
    drawn: dict[int, list[int]] = {}
    over = threading.Event()

    def draw(number: int) -> None:
        with site.database.connect() as connection:
            mine = drawn.setdefault(number, [])
            while not over.is_set():
                row = connection.execute("select nextval('s')").fetchone()
                assert row
                mine.append(row[0])

    threads = [threading.Thread(target=draw, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    eventually(lambda: sum(map(len, drawn.values())) > 1000, what="cached values")
    eventually(lambda: site.align(1)["s"].state == "aligned", what="alignment")
    marks = {number: len(mine) + 1 for number, mine in drawn.items()}
    eventually(lambda: all(len(drawn[n]) > m + 200 for n, m in marks.items()), what="more")
    over.set()
    for thread in threads:
        thread.join()
    values = [v for mine in drawn.values() for v in mine]
    assert len(values) == len(set(values))
    for number, mark in marks.items():
        assert {v % 10 for v in drawn[number][mark:]} == {1}


def test_a_transaction_that_drew_holds_alignment_back_briefly(new_site: NewSite) -> None:
    """We give way; other sequences are done; its values stay below what comes next."""
    site = new_site("create sequence held; create sequence free")
    with site.database.connect() as holder, holder.transaction():
        holder.execute("select nextval('held')")
        reports = site.align(1, lock_timeout_ms=50)
        assert (reports["held"].state, reports["free"].state) == ("busy", "aligned")
        assert "busy" in (reports["held"].warning or "")
    assert site.draw("held") == [2]
    assert site.align(1)["held"].next_value == 31


def test_two_daemons_align_once(new_site: NewSite) -> None:
    names = [f"s{i}" for i in range(20)]
    site = new_site("; ".join(f"create sequence {n} start 7" for n in names))
    others = [opened(site.database) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda o=other: o.align(1, lock_timeout_ms=5000))
        for other in others
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {site.draw(n)[0] for n in names} == {71}
    for other in others:
        other.connection.close()
        other.writer.close()


def test_overflow_is_told_before_and_never_takes_another_digit(new_site: NewSite) -> None:
    """Scenario 134."""
    site = new_site(
        "create sequence s4 as integer; select setval('s4', 2147483620);"
        "create table so (id int primary key default nextval('s4'));"
        "create table ssm (id smallserial primary key);"
        "create sequence wide; select setval('wide', 2000000000);"
        "create table narrow (id int default nextval('wide'))"
    )
    reports = site.align(7, 100)
    for name in ("s4", "wide"):
        assert reports[name].near_the_end
        assert "not shifted" in (reports[name].warning or "")
    assert reports["s4"].values_left == 0
    assert reports["ssm_id_seq"].values_left == 327
    assert reports["ssm_id_seq"].warning is None
    with pytest.raises(psycopg.errors.SequenceGeneratorLimitExceeded):
        site.draw("s4")
    assert len(site.draw("ssm_id_seq", 263)) == 263
    late = next(r for r in check(site, 7, 100) if r.name == "ssm_id_seq")
    assert (late.used_percent, late.values_left) == (80, 64)
    with pytest.raises(psycopg.errors.SequenceGeneratorLimitExceeded):
        site.draw("ssm_id_seq", 65)
    assert site.align(7, 100)["ssm_id_seq"].changed is None


def check(site: SiteDatabase, number: int, maxsites: int) -> list[SequenceReport]:
    site.run(f"update bondreplicate.replicate_state set site = {number}, maxsites = {maxsites}")
    return check_sequences(site.connection)


ODD = (
    "create sequence sd increment -1; create sequence scy minvalue 1 maxvalue 35 cycle;"
    "create sequence sca cache 50; create sequence s5 increment 5 start 3;"
    "create sequence s0 minvalue 0 start 0; create sequence sneg increment -3 maxvalue 50 start 9;"
    "create sequence sdc increment -1 minvalue -25 maxvalue -1 cycle"
)


def test_odd_sequences_are_disjoint(new_site: NewSite) -> None:
    """Scenario 135, over the end of those that cycle."""
    first = new_site(ODD)
    first.align(1)
    second = new_site(copy_of=first)
    second.align(2)
    ninth = new_site(ODD)
    ninth.align(9)
    assert first.draw("sd", 2) == [-11, -21]
    assert second.draw("sd", 2) == [-12, -22]
    for name in ("sd", "scy", "sca", "s5", "s0", "sneg", "sdc"):
        values = [set(site.draw(name, 12)) for site in (first, second, ninth)]
        assert sum(map(len, values)) == len(set.union(*values)), name
    assert all(r.state == "aligned" for r in first.align(1).values())


def test_a_range_too_small_for_the_site_is_told(new_site: NewSite) -> None:
    site = new_site("create sequence scy maxvalue 35 cycle")
    report = site.align(40, 100)["scy"]
    assert report.state == "impossible"
    assert "no value from 1 to 35 ends in 40" in (report.warning or "")
    assert site.draw("scy") == [1]


DRIFTS = {
    "setval": "select setval('sv_id_seq', 500)",
    "setval_not_called": "select setval('sv_id_seq', 500, false)",
    "setval_to_max": "select setval('sv_id_seq', (select max(id) from sv))",
    "restart": "alter sequence sv_id_seq restart with 700",
    "restart_below_rows": "alter sequence sv_id_seq restart with 8",
    "increment": "alter sequence sv_id_seq increment by 3",
    "type": "alter table sv alter id type bigint; alter sequence sv_id_seq as bigint",
    "start": "alter sequence sv_id_seq start 77; truncate sv restart identity",
    "recreated": "drop sequence sv_id_seq cascade; create sequence sv_id_seq owned by sv.id",
    "renamed": 'alter sequence sv_id_seq rename to "Other"',
    "moved": "create schema elsewhere; alter sequence sv_id_seq owned by none;"
    "alter sequence sv_id_seq set schema elsewhere",
}


@pytest.mark.parametrize("drift", DRIFTS)
def test_the_digit_comes_back(new_site: NewSite, drift: str) -> None:
    """Scenario 136: whatever the application does, the next round mends it, once."""
    site = new_site("create table sv (id serial primary key)")
    site.align(3)
    site.run("insert into sv default values")
    site.run("insert into sv values (912)")
    site.run(DRIFTS[drift])
    [before] = check(site, 3, 10)
    assert before.state == "misaligned"
    [report] = site.align(3).values()
    assert report.changed
    values = site.draw(f'"{report.schema}"."{report.name}"', 5)
    assert {v % 10 for v in values} == {3}
    assert len(set(values)) == 5
    held = site.run("select coalesce(max(id), 0) from sv")[0][0]
    if drift not in ("renamed", "moved", "recreated"):
        assert values[0] > held
    [after] = site.align(3).values()
    assert after.changed is None
    assert [tuple(r) for r in site.run("select sequence_name from bondreplicate.replicate_sequence")
            ] == [(report.name,)]  # fmt: skip


def test_restart_identity_needs_no_repair(new_site: NewSite) -> None:
    site = new_site("create table sv (id serial primary key)")
    site.align(3)
    site.run("insert into sv default values")
    site.run("truncate sv restart identity")
    assert site.run("insert into sv default values returning id") == [(3,)]
    assert site.align(3)["sv_id_seq"].changed is None


def test_a_renamed_sequence_is_not_shifted_again(new_site: NewSite) -> None:
    site = new_site("create sequence s")
    site.align(3)
    site.run('alter sequence s rename to "S ""2"""')
    assert site.align(3)['S "2"'].next_value == 13


NAMES = (
    'create sequence "My Seq"; create schema "Other Schema";'
    "create table i1 (id int generated always as identity primary key);"
    "create table i2 (id int default nextval('\"My Seq\"') primary key);"
    "create table i3 (k text primary key default 'INV-' || nextval('\"My Seq\"'));"
    'create table "Other Schema"."T%t" ("Id" serial primary key);'
    'create sequence "Other Schema".free; create unlogged table u (id serial);'
    "create table p (id bigint generated by default as identity, k int) partition by list (k);"
    "create table p1 partition of p for values in (1); create temp table t (id serial)"
)


@pytest.mark.parametrize("version", available_versions())
def test_all_sequences_of_the_user_are_found(new_site: NewSite, version: str) -> None:
    """Scenario 137; the shared one goes beyond the rows of the table that has a number."""
    site = new_site(NAMES, version)
    site.run("insert into i2 values (5000)")
    site.run("insert into p (id, k) overriding system value values (88, 1)")
    reports = site.align(2)
    assert sorted(reports) == sorted(
        ["My Seq", "i1_id_seq", "T%t_Id_seq", "free", "u_id_seq", "p_id_seq"]
    )
    assert {r.changed for r in reports.values()} == {"first"}
    assert reports["My Seq"].next_value == 5002
    assert reports["p_id_seq"].next_value == 92
    assert site.run("insert into i1 default values returning id") == [(12,)]
    assert site.run("insert into i3 default values returning k") == [("INV-5002",)]


def test_many_sequences_cost_one_query_when_nothing_is_wrong(new_site: NewSite) -> None:
    site = new_site(
        "do $$ begin for i in 1..300 loop execute format("
        "'create table t%s (id int generated by default as identity)', i); end loop; end $$"
    )
    assert {r.changed for r in site.align(1).values()} == {"first"}
    sent: list[str] = []
    execute = border.rows

    def counted(connection: Any, query: Any, args: Any = None) -> list[Any]:
        sent.append(str(query))
        return execute(connection, query, args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(border, "rows", counted)
        assert {r.changed for r in site.align(1).values()} == {None}
    assert len(sent) == 1


def test_beyond_what_other_sites_use_only_when_asked(new_site: NewSite) -> None:
    """Scenario 138: restored from a backup, other sites hold rows that this one forgot."""
    restored = new_site("create table r (id serial primary key)")
    restored.align(2)
    other = new_site(copy_of=restored)
    other.align(1)
    other.run("insert into r values (5002)")
    used = fetch_used(other.connection)
    assert used["public", "r_id_seq"].high == 5002
    report = restored.align(2, elsewhere=used)["r_id_seq"]
    assert (report.changed, report.next_value) == ("passed", 5012)
    assert restored.align(2, elsewhere=used)["r_id_seq"].changed is None


@pytest.mark.parametrize("version", available_versions())
def test_down_puts_everything_back(new_site: NewSite, version: str) -> None:
    site = new_site(ODD + ";" + NAMES, version)
    before = site.dump()
    site.align(4)
    assert site.dump() != before
    site.run("alter sequence sca cache 7")
    site.align(4)
    site.run("alter sequence s5 maxvalue 5000")
    site.run("insert into i2 default values")
    site.run("insert into i2 values (777)")
    last = site.draw("sd", 3)[-1]
    down_from = site.draw('"Other Schema".free')
    site.run("select bondreplicate.restore_sequences()")
    site.run("alter sequence sca cache 50")
    site.run("alter sequence s5 no maxvalue")
    assert site.dump() == before
    assert site.run("select * from bondreplicate.replicate_sequence") == []
    assert site.run("insert into i2 default values returning id") == [(778,)]
    assert site.draw("sd") == [last - 1]
    assert site.draw('"Other Schema".free') == [down_from[0] + 1]
    assert site.align(4)["free"].changed == "first"


def test_a_sequence_of_another_role_is_refused_by_name(new_site: NewSite) -> None:
    """Scenario 139: the others are aligned, the application goes on."""
    site = new_site("create sequence mine; create sequence theirs start 5")
    role = f"plain_{site.database.name}"
    site.run(f"create role {role} login")
    try:
        site.run(f"grant usage on schema bondreplicate to {role}")
        site.run(f"grant all on all tables in schema bondreplicate to {role}")
        site.run(f"alter sequence mine owner to {role}")
        dsn = site.database.cluster.dsn(site.database.name, user=role)
        plain = border.connect(dsn, role="test")
        with pytest.raises(UnfitSite, match=r'public\.theirs belongs to role "postgres"') as caught:
            align_sequences(plain, 1, 10)
        assert "grant" in caught.value.hint
        plain.close()
        assert site.draw("mine") == [11]
        assert site.draw("theirs") == [5]
        assert [r.state for r in check(site, 1, 10)] == ["aligned", "misaligned"]
    finally:
        site.run(f"drop owned by {role}")
        site.run(f"drop role {role}")


def test_a_locked_sequence_hides_no_other(new_site: NewSite) -> None:
    site = new_site("create table l (id serial); create sequence other")
    site.align(1)
    site.run("select setval('other', 50)")
    with site.database.connect() as holder, holder.transaction():
        holder.execute("truncate l restart identity")
        reports = site.align(1)
        assert reports["l_id_seq"].state == "busy"
        assert reports["other"].next_value == 51
    assert site.align(1)["l_id_seq"].changed is None


def test_before_the_first_run_nothing_is_aligned(new_site: NewSite) -> None:
    site = new_site("create sequence s")
    [report] = check_sequences(site.connection)
    assert (report.state, report.next_value) == ("misaligned", 1)
