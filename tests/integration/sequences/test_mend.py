"""Whatever the application or a restore does to a sequence, the next round mends it."""

import pytest

from bondreplicate.site.sequences import fetch_used
from tests.integration.sequences.site import NAMES, ODD, NewSite, check
from tests.kit.binaries import available_versions

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
    assert site.run("insert into i2 default values returning id") == [(778,)]
    assert site.draw("sd") == [last - 1]
    assert site.draw('"Other Schema".free') == [down_from[0] + 1]
    assert site.align(4)["free"].changed == "resumed"


@pytest.mark.parametrize("version", available_versions())
def test_down_and_up_again_and_again_shifts_once(new_site: NewSite, version: str) -> None:
    site = new_site(ODD + ";" + NAMES, version)
    before = site.dump()
    first = {name: r.next_value for name, r in site.align(4).items()}
    assert first["free"] == 14
    for _ in range(3):
        site.run("select bondreplicate.restore_sequences()")
        site.run("select bondreplicate.restore_sequences()")  # finds nothing to put back
        assert site.dump() == before
        again = site.align(4)
        assert {name: r.next_value for name, r in again.items()} == first
        assert {r.changed for r in again.values()} == {"resumed"}
        assert {r.changed for r in site.align(4).values()} == {None}
    site.run("select bondreplicate.restore_sequences()")
    drawn = site.draw('"Other Schema".free', 13)
    assert drawn == list(range(14, 27))
    site.run("insert into i2 values (3000)")
    again = site.align(4)
    assert (again["free"].next_value, again["My Seq"].next_value) == (34, 3004)


def test_what_is_altered_while_down_is_the_users_wish(new_site: NewSite) -> None:
    site = new_site("create sequence a; create sequence b; create sequence c")
    site.align(4)
    site.run("select bondreplicate.restore_sequences()")
    site.run("alter sequence a increment 5; alter sequence b rename to d; drop sequence c")
    site.run("create sequence c")
    found = site.align(4)
    assert {r.changed for r in found.values()} == {"resumed"}
    assert site.draw("a", 2) == [14, 64]
    assert site.draw("d", 2) == [14, 24]
    assert site.draw("c", 2) == [4, 14]
    site.run("select bondreplicate.restore_sequences()")
    assert site.draw("a", 2) == [69, 74]


def test_growing_while_down_shifts_as_growing_does(new_site: NewSite) -> None:
    site = new_site("create sequence a")
    site.align(4)
    site.run("select bondreplicate.restore_sequences()")
    assert site.align(4, 100)["a"].changed == "grown"
    assert site.draw("a", 2) == [204, 304]
