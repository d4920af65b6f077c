"""Sequences are aligned while writers draw from them: no id is handed out twice."""

import threading

from bondreplicate.core.sequence_model import Range
from bondreplicate.site.sequences import fetch_used
from tests.integration.sequences.site import NewSite, SiteDatabase, opened
from tests.kit.eventually import eventually


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


def test_a_value_drawn_while_sequences_are_put_back_is_not_handed_out_again(
    new_site: NewSite,
) -> None:
    site = new_site("create sequence s; create table filled (id int default nextval('s'))")
    site.align(1)
    drawn: list[int] = site.draw("s")

    def down() -> None:
        with site.database.connect() as connection:
            connection.execute("select bondreplicate.restore_sequences()")

    threads = [
        threading.Thread(target=down),
        threading.Thread(target=lambda: drawn.extend(site.draw("s"))),
    ]
    waiting = "select count(*) from pg_locks where not granted and database = (select oid"
    waiting += " from pg_database where datname = current_database())"
    with site.database.connect() as holder, holder.transaction():
        # It has looked at the sequence when it wants to know what the table holds.
        holder.execute("lock table filled in access exclusive mode")
        threads[0].start()
        eventually(lambda: site.database.value(waiting) == 1, what="it waits for the table")
        threads[1].start()
        eventually(lambda: len(drawn) == 2 or site.database.value(waiting) == 2, what="a value")
    for thread in threads:
        thread.join()
    drawn += site.draw("s", 20)
    assert len(drawn) == len(set(drawn)), drawn
