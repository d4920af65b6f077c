"""A check-up of the other sites, as seen from this one."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from bondreplicate.border.database import Connection, connect, rows, value
from bondreplicate.border.settings import Settings
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.findings import OK, PROBLEM, WARNING, Finding, judge_clock
from bondreplicate.errors import BondError
from bondreplicate.mesh.alike import compare_policies, compare_tables, pair_tables
from bondreplicate.mesh.refusal import fetch_refusal
from bondreplicate.site.checkup import as_finding
from bondreplicate.site.fitness import Identity, check_peer, fetch_identity
from bondreplicate.site.health import fetch_site
from bondreplicate.site.hosts import Host, find_own, list_hosts, list_peers
from bondreplicate.site.lineage import decide_related, fetch_lineages
from bondreplicate.site.listed import list_tables

CONNECT_S = 5
ROUND_TRIPS = 5


def check_peers(here: Connection, settings: Settings) -> list[Finding]:
    """Reach every enabled peer and compare what has to be alike.

    Of a database that bears another number, as a fresh copy does, nothing is asked that depends on
    the number: the copy would be told to leave, and the others that it has missed something.
    """
    hosts, peers, me = list_hosts(here), list_peers(here, settings.site), fetch_identity(here)
    if not peers:
        hint = "`bondreplicate hosts add SITE NAME DSN`, at every site"
        return [Finding("peers", WARNING, "this site", "no other site is enabled", hint)]
    with ThreadPoolExecutor(len(peers)) as pool:
        found = pool.map(lambda peer: _check_peer(peer, hosts, me, settings), peers)
        return [finding for findings in found for finding in findings]


def _check_peer(
    peer: Host, hosts: Sequence[Host], me: Identity, settings: Settings
) -> list[Finding]:
    where = str(peer)
    try:
        with closing(connect(peer.dsn, role="doctor", timeout_s=CONNECT_S)) as there:
            ran = check_peer(there, peer, me)
            found = [Finding("peers", OK, where, "reached, and who it should be")]
            if not ran:
                message, hint = "bondreplicate has not run there yet", "run it there"
                found = [Finding("peers", PROBLEM, where, message, hint)]
            found += compare_hosts(hosts, list_hosts(there), where)
            found += _compare_maxsites(there, where, settings)
            with closing(connect(settings.dsn, role="doctor")) as here:
                fits = fetch_site(here).site in (None, settings.site)
                if fits and not _compare_maxsites(there, where, settings):
                    own, ahead_max_s = find_own(hosts, settings.site), settings.clock_ahead_max_s
                    found += _check_links(here, there, peer, own, ahead_max_s)
                if fits and ran:
                    found += check_lineage(here, there, where)
                    pairs = pair_tables(list_tables(here), list_tables(there))
                    found += compare_tables(pairs, where)
                    found += compare_policies(pairs, where)
                offset_s, doubt_s = measure_clock(here, there)
            return [*found, judge_clock(offset_s, doubt_s, settings.clock_ahead_max_s, where)]
    except BondError as error:
        return [as_finding("peers", where, error)]


def compare_hosts(here: Sequence[Host], there: Sequence[Host], where: str) -> list[Finding]:
    """Whether two sites list the same sites. Addresses may differ: so may networks."""
    ours = {h.site: h for h in here}
    theirs = {h.site: h for h in there}
    hint = "alike at every site: bondreplicate hosts add (or remove, enable, disable)"
    found = []
    for site in sorted(ours.keys() | theirs.keys()):
        a, b = ours.get(site), theirs.get(site)
        if a is None or b is None:
            message = f"site {site} is listed {'there' if a is None else 'here'} only"
            found.append(Finding("hosts", PROBLEM, where, message, hint))
        elif a.enabled != b.enabled:
            message = f"site {site} is enabled {'here' if a.enabled else 'there'} only"
            found.append(Finding("hosts", PROBLEM, where, message, hint))
        elif a.name != b.name:
            message = f"site {site} is called {a.name} here and {b.name} there"
            found.append(Finding("hosts", WARNING, where, message, hint))
    return found or [Finding("hosts", OK, where, "lists the same sites")]


def _compare_maxsites(there: Connection, where: str, settings: Settings) -> list[Finding]:
    state = rows(there, query("fit_state"))[0]
    if state.maxsites in (None, settings.maxsites):
        return []
    message = f"maxsites is {state.maxsites} there and {settings.maxsites} here"
    hint = "set the larger one in every bondreplicate.conf: ids may collide"
    return [Finding("hosts", PROBLEM, where, message, hint)]


def _check_links(
    here: Connection, there: Connection, peer: Host, own: Host, ahead_max_s: float
) -> list[Finding]:
    """Whether each of the two sites takes what the other one sends."""
    where = str(peer)
    refusals = [
        fetch_refusal(here, there, peer, ahead_max_s),
        fetch_refusal(there, here, own, ahead_max_s),
    ]
    found = [Finding("links", PROBLEM, where, r.message, r.hint) for r in refusals if r]
    return found or [Finding("links", OK, where, "each goes on from what the other one holds")]


def check_lineage(here: Connection, there: Connection, where: str) -> list[Finding]:
    """Whether one of two sites was copied from the other, or both from a third."""
    if decide_related(fetch_lineages(here), fetch_lineages(there)):
        return []
    message = "not a copy of this site, nor this one of it: rows from before are not sent"
    hint = (
        "`bondreplicate verify` tells whether both have the same rows, and is remembered; if not,"
        " make it a copy (docs/how-to/join-a-site.md#two-sites-that-began-apart)"
    )
    return [Finding("copy", WARNING, where, message, hint)]


def measure_clock(here: Connection, there: Connection) -> tuple[float, float]:
    """How far the clock there is ahead of the clock here, and half the round trip; in seconds.

    The clock there is read between two readings of the clock here; the tightest bracket counts.
    """
    best: tuple[float, float] | None = None
    for _ in range(ROUND_TRIPS):
        before = value(here, query("clock_now"))
        other = value(there, query("clock_now"))
        after = value(here, query("clock_now"))
        doubt_s = (after - before).total_seconds() / 2
        offset_s = (other - before).total_seconds() - doubt_s
        if best is None or abs(doubt_s) < best[1]:
            best = (offset_s, abs(doubt_s))
        time.sleep(0.01)
    assert best is not None
    return best
