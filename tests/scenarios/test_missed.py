"""A site that was away while a transaction that it had met open was committed and forgotten."""

import contextlib
from collections.abc import Callable, Iterator

import psycopg
import pytest

from tests.integration.pair import make_pair
from tests.kit import Database, Mesh, Site, available_versions, eventually

NEWEST = available_versions()[-1]
SETUP = "create table item (id int primary key, name text)"
LOG = "select count(*) from bondreplicate.replicate_log"
MISSED = "select missed::text from bondreplicate.replicate_position where site = %s"
WHY = "has missed changes that site {} does not keep any more"
OPEN_THERE = """
select (%s::text)::xid8 < pg_snapshot_xmax(position)
    and not pg_visible_in_snapshot((%s::text)::xid8, position)
from bondreplicate.replicate_position where site = %s
"""
SEEN = """
select (%s::text)::xid8 < pg_snapshot_xmax(bondreplicate.position_in(seen, %s::smallint))
from bondreplicate.replicate_position where site = %s
"""
AT_WORK = (
    "select count(*) from pg_stat_activity"
    " where datname = current_database() and application_name = %s"
)
COUNT = "select count(*) from item"


@pytest.fixture
def two(new_mesh: Callable[..., Mesh]) -> Mesh:
    mesh = new_mesh([NEWEST] * 2, SETUP)
    mesh.settle()
    return mesh


@contextlib.contextmanager
def opened(origin: Site, *targets: Site) -> Iterator[psycopg.Connection]:
    """A transaction with a row, which the targets know to be open, and the origin knows that."""
    with origin.database.connect() as user:
        user.autocommit = False
        [xid] = user.execute(
            "insert into item values (1, 'open') returning pg_current_xact_id()::text"
        ).fetchone() or [None]
        origin.execute("insert into item values (2, 'between')")
        for target in targets:
            eventually(
                lambda target=target: (
                    target.value(COUNT) == 1
                    and target.value(OPEN_THERE, [xid, xid, origin.number])
                    and origin.value(SEEN, [xid, origin.number, target.number])
                ),
                f"{target} is beyond the transaction that is open at {origin}",
            )
        yield user


def left(origin: Site, target: Site, how: str = "disable") -> None:
    """The origin disables or removes the target, and its link has ended."""
    origin.cli("hosts", how, str(target.number))
    name = f"bondreplicate apply {origin.number}->{target.number}"
    eventually(lambda: target.value(AT_WORK, [name]) == 0, "the link has ended")


def forgotten(site: Site) -> None:
    """Nothing is kept for those who are away."""
    eventually(lambda: site.value(LOG) == 0, f"{site} has forgotten its log")


def refused(origin: Site, target: Site, *asked: Site) -> None:
    """The link is held, and all who look say why."""
    why = WHY.format(origin.number)
    link = f"{origin.number}->{target.number}"
    eventually(
        lambda: any(
            "link_held" in line and why in line and link in line
            for line in origin.log.read_text().splitlines()
        ),
        f"the daemon says that {link} is held",
    )
    for site in asked:
        links = site.cli_json("status", check=1)["links"]
        [found] = [x for x in links if (x["origin"], x["target"]) == (origin.number, target.number)]
        assert found["state"] == "held"
        assert why in found["reason"]
        told = [f for f in site.cli_json("doctor", check=1) if f["check"] == "links"]
        assert any(f["level"] == "problem" and why in f["message"] for f in told)
    said = origin.cli("wait", "--timeout", "20", check=1).stderr
    assert f"site {target.number} (site{target.number}) is behind: {why}" in said
    assert "hint: a number is used once" in said


def flows(mesh: Mesh, rows: int) -> None:
    """Every site has that many rows, and gets more from each of the others."""
    for site in mesh:
        site.execute("insert into item values (%s, 'later')", [100 + site.number])
    for site in mesh:
        eventually(
            lambda site=site: site.value(COUNT) == rows + len(mesh.sites), f"{site} has all rows"
        )
    mesh.assert_whole()
    for site in mesh:
        assert "has missed changes" not in site.log.read_text()


def test_disabled_while_a_transaction_is_open(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh([NEWEST] * 3, SETUP)
    mesh.settle()
    one, two, three = mesh
    with opened(one, two, three) as user:
        left(one, two)
        user.commit()
    eventually(lambda: three.value(COUNT) == 2, "the site that is enabled has it")
    forgotten(one)
    one.cli("hosts", "enable", "2")
    refused(one, two, one, two)
    assert two.query("select id from item") == [(2,)]
    assert one.value(MISSED, [3]) in (None, "{}")


@pytest.mark.soak
def test_removed_while_a_transaction_is_open(two: Mesh) -> None:
    one, other = two
    with opened(one, other) as user:
        left(one, other, "remove")
        user.commit()
    forgotten(one)
    one.cli("hosts", "add", "2", "site2", other.dsn)
    refused(one, other, one)
    assert other.query("select id from item") == [(2,)]


@pytest.mark.soak
def test_a_transaction_that_is_prepared_and_committed_meanwhile(two: Mesh) -> None:
    one, other = two
    with opened(one, other) as user:
        user.execute("prepare transaction 'missed'")
        user.commit()
        left(one, other)
    one.execute("commit prepared 'missed'")
    forgotten(one)
    one.cli("hosts", "enable", "2")
    refused(one, other, one)


@pytest.mark.soak
def test_a_transaction_that_is_rolled_back_is_not_missed(two: Mesh) -> None:
    one, other = two
    with opened(one, other) as user:
        left(one, other)
        user.rollback()
    forgotten(one)
    one.cli("hosts", "enable", "2")
    flows(two, 1)


def test_nothing_is_missed_by_a_short_absence(two: Mesh) -> None:
    one, other = two
    with opened(one, other) as user:
        left(one, other)
        one.cli("hosts", "enable", "2")
        left(one, other, "remove")
        one.cli("hosts", "add", "2", "site2", other.dsn)
        user.commit()
    flows(two, 2)


def test_what_was_sent_and_not_acknowledged_is_not_missed(two: Mesh) -> None:
    one, other = two
    with opened(one, other) as user:
        other.stop_daemon()
        user.commit()
        eventually(lambda: other.value(COUNT) == 2, "it is sent")
        left(one, other)
    forgotten(one)
    assert one.value(MISSED, [2]) != "{}"  # as far as is known here
    one.cli("hosts", "enable", "2")
    other.start_daemon()
    flows(two, 2)
    assert one.value(MISSED, [2]) == "{}"


def copied(mesh: Mesh, source: Site, number: int) -> Site:
    """A copy of a site, by the book; its daemon does not run yet."""
    copy = Database(source.database.cluster, f"{source.database.name}_copy")
    copy.psql(source.database.cluster.pg_dump(source.database.name))
    site = Site(number, copy)
    mesh.sites.append(site)
    for each in mesh:
        each.execute(
            "update bondreplicate.replicate_hosts set dsn = %s, enabled = true where site = %s",
            [site.dsn, number],
        )
    return site


def list_disabled(mesh: Mesh, number: int) -> None:
    """A site that is to come is listed everywhere, and not sent to."""
    for site in mesh:
        site.cli("hosts", "add", str(number), f"site{number}", "host=/nowhere", "--disabled")


def test_a_fresh_copy_is_not_refused(two: Mesh) -> None:
    one, other = two
    list_disabled(two, 3)
    with opened(other, one) as user:
        one.execute("insert into item values (3, 'forgotten before the copy')")
        eventually(lambda: other.value(COUNT) == 2, "all is everywhere")
        user.rollback()
    other.execute("insert into item values (4, 'forgotten before the copy')")
    two.settle()
    assert all(site.value(MISSED, [3]) != "{}" for site in two)
    for site in two:
        site.cli("hosts", "enable", "3")
    with other.database.connect() as user:
        user.autocommit = False
        user.execute("insert into item values (5, 'open')")
        one.execute("insert into item values (6, 'sent')")
        eventually(lambda: other.value(COUNT) == 4, "what was committed is everywhere")
        three = copied(two, one, 3)
        user.commit()
    three.start_daemon()
    flows(two, 5)
    assert one.value(MISSED, [3]) == other.value(MISSED, [3]) == "{}"


def test_a_copy_is_refused_by_a_site_that_kept_nothing_for_it(two: Mesh) -> None:
    one, other = two
    list_disabled(two, 3)
    one.cli("hosts", "enable", "3")
    with opened(other, one) as user:
        three = copied(two, one, 3)
        left(other, three)
        user.commit()
    eventually(lambda: one.value(COUNT) == 2, "the site that is enabled has it")
    forgotten(other)
    other.cli("hosts", "enable", "3")
    three.start_daemon()
    refused(other, three, other)
    assert three.query("select id from item") == [(2,)]


def test_what_a_site_misses_for_ever_stays_small(new_mesh: Callable[..., Mesh]) -> None:
    one, _ = make_pair(new_mesh)

    def forget(first: int, last: int, step: int) -> None:
        one.execute("truncate bondreplicate.replicate_log")
        one.execute(
            "insert into bondreplicate.replicate_log (xid, stamp, hash, tab, site, source, part)"
            " select x::text::xid8, now(), 0, 1, 1, 1, 0"
            " from generate_series(%s::int, %s, %s) as x, generate_series(1, 2)",
            [first, last, step],
        )
        one.execute("select bondreplicate.note_pruned('l.part = 0')")

    forget(11, 15, 2)
    assert one.value(MISSED, [2]) == "{[11,12),[13,14),[15,16)}"
    forget(14, 20, 1)
    assert one.value(MISSED, [2]) == "{[11,12),[13,21)}"
    forget(31, 3031, 2)
    assert one.value(MISSED, [2]) == "{[11,3032)}"
    one.execute(
        "update bondreplicate.replicate_position"
        """ set seen = '{"1": "15:3000:15,2000"}' where site = 2"""
    )
    forget(1001, 2001, 1)
    assert one.value(MISSED, [2]) == "{[15,16),[2000,2001),[3000,3032)}"
    one.execute("delete from bondreplicate.replicate_hosts where site = 2")
    forget(4000, 4000, 1)
    assert one.value(MISSED, [2]) == "{[15,16),[2000,2001),[3000,3032),[4000,4001)}"
    one.execute("""update bondreplicate.replicate_position set seen = '{"1": "9999:9999:"}'""")
    forget(5000, 5000, 1)
    assert one.value(MISSED, [2]) == "{}"
    assert one.value(LOG) == 2


def test_a_copy_that_one_site_lists_late_may_lack_what_was_open(
    new_mesh: Callable[..., Mesh],
) -> None:
    """Site 3 keeps nothing for the copy before it lists it: what was open then is not in it."""
    mesh = new_mesh([NEWEST] * 3, SETUP)
    mesh.settle()
    one, two, three = mesh
    with opened(three, one) as user:
        for site in (one, two):
            site.cli("hosts", "add", "4", "site4", "host=/nowhere")
        dump = one.database.cluster.pg_dump(one.database.name)
        user.commit()
    eventually(lambda: [s.value(COUNT) for s in mesh] == [2, 2, 2], "all is everywhere")
    forgotten(three)
    copy = Database(one.database.cluster, f"{one.database.name}_copy")
    copy.psql(dump)
    four = Site(4, copy)
    mesh.sites.append(four)
    three.cli("hosts", "add", "4", "site4", four.dsn)
    for site in (one, two, four):
        site.execute("update bondreplicate.replicate_hosts set dsn = %s where site = 4", [four.dsn])
    four.start_daemon()
    refused(three, four, three)
    assert four.query("select id from item") == [(2,)]


def test_a_copy_that_one_site_lists_late_and_lacks_nothing(new_mesh: Callable[..., Mesh]) -> None:
    mesh = new_mesh([NEWEST] * 3, SETUP)
    mesh.settle()
    one, two, three = mesh
    # An older transaction that wrote nothing: it is open in what is known of site 3 for ever.
    with opened(three, one) as user:
        user.rollback()
    mesh.settle()
    for site in (one, two):
        site.cli("hosts", "add", "4", "site4", "host=/nowhere")
    four = copied_late(mesh, one, three)
    four.start_daemon()
    flows(mesh, 1)


def copied_late(mesh: Mesh, source: Site, late: Site) -> Site:
    """A copy, which one site lists only afterwards."""
    copy = Database(source.database.cluster, f"{source.database.name}_copy")
    copy.psql(source.database.cluster.pg_dump(source.database.name))
    site = Site(4, copy)
    late.cli("hosts", "add", "4", "site4", site.dsn)
    mesh.sites.append(site)
    for each in mesh:
        each.execute("update bondreplicate.replicate_hosts set dsn = %s where site = 4", [site.dsn])
    return site
