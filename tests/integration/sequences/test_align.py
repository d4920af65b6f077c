"""Every sequence of the users is aligned, once, or it is said why not."""

from typing import Any

import psycopg
import pytest

from bondreplicate.border import database as border
from bondreplicate.errors import UnfitSite
from bondreplicate.site.sequences import align_sequences, check_owners, check_sequences
from tests.integration.sequences.site import NAMES, ODD, NewSite, check
from tests.kit.binaries import available_versions, mixed_versions

RECORDED = "select reason from bondreplicate.replicate_sequence where sequence_name = 'theirs'"


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


@pytest.mark.parametrize("version", available_versions())
def test_all_sequences_of_the_user_are_found(new_site: NewSite, version: str) -> None:
    """Scenario 137; the shared one goes beyond the rows of the table that has a number."""
    site = new_site(NAMES, version)
    site.run("create temp table t (id serial)")
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


def test_a_sequence_of_another_role_is_refused_by_name(new_site: NewSite) -> None:
    """Scenario 139: the others are aligned, the application goes on."""
    site = new_site("create sequence mine; create sequence theirs start 5")
    role = f"plain_{site.database.name}"
    site.run(f"create role {role} login")
    try:
        site.run(f"grant usage on schema bondreplicate to {role}")
        site.run(f"grant all on all tables in schema bondreplicate to {role}")
        site.run(f"grant execute on all functions in schema bondreplicate to {role}")
        site.run(f"alter sequence mine owner to {role}")
        dsn = site.database.cluster.dsn(site.database.name, user=role)
        plain = border.connect(dsn, role="test")
        with pytest.raises(UnfitSite, match=r'public\.theirs belongs to role "postgres"') as caught:
            check_owners(plain, 1, 10)
        assert caught.value.hint.startswith("alter sequence public.theirs owner to ROLE")
        site.run("create table root (id serial primary key)")
        by_name = {r.name: r for r in align_sequences(plain, 1, 10)}
        assert by_name["root_id_seq"].hint.startswith("alter table public.root owner to ROLE")
        assert [by_name[n].state for n in ("mine", "theirs")] == ["aligned", "forbidden"]
        assert 'belongs to role "postgres"' in site.run(RECORDED)[0][0]
        assert site.draw("mine") == [11]
        assert site.draw("theirs") == [5]
        assert next(r.state for r in check(site, 1, 10)) == "aligned"
        site.run(f"alter sequence theirs owner to {role}")
        again = {r.name: r for r in align_sequences(plain, 1, 10)}
        assert (again["theirs"].state, again["theirs"].changed) == ("aligned", "first")
        assert site.run(RECORDED) == [(None,)]
        assert site.draw("theirs") == [61]
        assert site.run("select bondreplicate.restore_sequences()") == [(2,)]
        plain.close()
    finally:
        site.run(f"drop owned by {role}")
        site.run(f"drop role {role}")


def test_before_the_first_run_nothing_is_aligned(new_site: NewSite) -> None:
    site = new_site("create sequence s")
    [report] = check_sequences(site.connection)
    assert (report.state, report.next_value) == ("misaligned", 1)
