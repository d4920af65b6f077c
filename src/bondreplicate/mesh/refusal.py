"""Why a link sends nothing to a site that answers: what that site holds does not fit the origin.

Decided here for the link itself and for those that look at it: `status`, `doctor` and `wait`.
"""

from __future__ import annotations

from dataclasses import replace

from bondreplicate.border.database import Connection, dicts, value
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.snapshot import shows
from bondreplicate.errors import MeshError
from bondreplicate.site.apply import Held
from bondreplicate.site.hosts import Host, list_hosts, rejoin_hint
from bondreplicate.site.state import State, fetch_state


def decide_refusal(origin: State, target: Host, held: Held) -> MeshError | None:
    """What keeps an origin from sending to a target until people do something.

    Args:
        origin: the state of the origin, fetched for this target.
        target: the site that would apply.
        held: what the target knows of the origin.
    """
    if not held.listed:
        return _not_listed(target, origin.site or 0)
    if held.maxsites != origin.maxsites:
        return MeshError(
            f"{target} has maxsites {held.maxsites}, site {origin.site} {origin.maxsites}:"
            " ids would collide",
            hint="grow the one that has 10: stop bondreplicate there, set maxsites = 100 in"
            " bondreplicate.conf, run `bondreplicate init --grow`, start it again",
        )
    if held.incarnation not in (None, str(origin.incarnation)):
        return MeshError(
            f"{target} knows site {origin.site} as another database than it is now",
            hint=rejoin_hint(origin.site or 0),
        )
    if held.position and int(held.position.split(":")[0]) > origin.next_xid:
        return MeshError(
            f"site {origin.site} went back in time: {target} has applied transactions"
            " that are not there yet",
            hint=rejoin_hint(origin.site or 0),
        )
    has_xid = held.has_xid or 0
    has = held.holds or f"{has_xid + 1}:{has_xid + 1}:"
    if has_xid < (origin.pruned_xid or 0) or not shows(has, origin.missed):
        return MeshError(
            f"{target} has missed changes that site {origin.site} does not keep"
            " any more: it was not listed or not enabled while they were made",
            hint=rejoin_hint(target.site),
        )
    return None


def _not_listed(where: Host, site: int) -> MeshError:
    return MeshError(
        f"{where} does not list site {site} (any more): it takes nothing from it",
        hint=f"`bondreplicate doctor` compares the lists; where site {site} was taken out,"
        " go on with docs/how-to/join-a-site.md#take-a-site-out",
    )


def fetch_refusal(
    origin: Connection, there: Connection, target: Host, ahead_max_s: float
) -> MeshError | None:
    """The same, asked at both ends while the link may be at work.

    Args:
        origin: connection to the origin.
        there: connection to the target.
        target: that site.
        ahead_max_s: how far ahead of its clock the target takes stamps.
    """
    state = fetch_state(origin, target.site)
    if state.site is None:
        return None
    if not any(host.site == target.site and host.enabled for host in list_hosts(origin)):
        return MeshError(
            f"site {state.site} does not list {target} as enabled (any more): nothing is sent",
            hint="`bondreplicate doctor` compares the lists; add or enable it there, or take it out"
            " (docs/how-to/join-a-site.md#take-a-site-out)",
        )
    found = dicts(there, query("target_position"), {"origin": state.site})[0]
    # What was pruned is read before the position, what was begun after it: else a batch that is
    # applied meanwhile looks as if it were missing at one end or had come from the future.
    state = replace(state, next_xid=fetch_state(origin).next_xid)
    ahead_s = value(origin, query("clock_logical")) - value(there, query("clock_now")).timestamp()
    if ahead_s > ahead_max_s:
        return MeshError(
            f"what site {state.site} writes is stamped {ahead_s:.0f} s ahead of the clock of"
            f" {target}, which refuses it",
            hint=f"correct the clock of site {state.site}: its changes are stamped anew then",
        )
    return decide_refusal(state, target, Held(**found))
