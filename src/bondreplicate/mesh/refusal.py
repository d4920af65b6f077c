"""Why a link sends nothing to a site that answers: what that site holds does not fit the origin.

Decided here for the link itself and for those that look at it: `status`, `doctor` and `wait`.
"""

from __future__ import annotations

from dataclasses import replace

from bondreplicate.border.database import Connection, dicts, execute, value
from bondreplicate.border.sqlfiles import query
from bondreplicate.core.snapshot import includes, is_had, shows
from bondreplicate.errors import MeshError, TransientError, WentBack
from bondreplicate.site.apply import Held, Target
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
    if went_back := _decide_went_back(origin, target, held):
        return went_back
    has_xid = held.has_xid or 0
    has = held.holds or f"{has_xid + 1}:{has_xid + 1}:"
    forgotten = origin.forgotten if held.position is None else None
    had = not forgotten or is_had(has, int(forgotten["newest"]), forgotten["known"])
    if has_xid < (origin.pruned_xid or 0) or not shows(has, origin.missed) or not had:
        return MeshError(
            f"{target} has missed changes that site {origin.site} does not keep"
            " any more: it was not listed or not enabled while they were made",
            hint=rejoin_hint(target.site),
        )
    return None


def _decide_went_back(origin: State, target: Host, held: Held) -> WentBack | None:
    """Whether one of the two does not go on from where it was when the last batch was applied."""
    site = origin.site or 0
    if origin.refused:
        who = origin.culprit or site
        return WentBack(origin.refused, hint=rejoin_hint(who), culprit=who)
    if held.position and int(held.position.split(":")[0]) > origin.next_xid:
        return WentBack(
            f"site {site} went back in time: {target} has applied transactions that are not"
            " there yet",
            hint=rejoin_hint(site),
            culprit=site,
        )
    lacks = False
    if held.position and origin.told:
        # Where nothing was forgotten that it may lack, it is simply sent again.
        kept = is_had(held.position, origin.pruned_xid or 0, [])
        lacks = not kept and not includes(held.position, origin.told)
    if held.proof in (origin.proof_held, origin.proof_token) and not lacks:
        return None
    if lacks or _number(held.proof) < _number(origin.proof_held):
        return WentBack(
            f"{target} went back in time: it lacks what it had applied of site {site} already",
            hint=rejoin_hint(target.site),
            culprit=target.site,
        )
    return WentBack(
        f"site {site} went back in time, or there are two of it: {target} has applied batches"
        " that this one did not send",
        hint=rejoin_hint(site),
        culprit=site,
    )


def _number(mark: str | None) -> int:
    return int(mark.split(":")[0]) if mark else 0


def check_link(here: Connection, target: Host, there: Target) -> tuple[State, Held]:
    """What both ends of a link hold, where the one goes on from what the other has.

    Raises:
        MeshError: it does not. WentBack: nor will it ever, which is written down here.
        TransientError: another session of this site was at work meanwhile.
    """
    before, held = fetch_state(here, target.site), there.fetch_held()
    state = _as_of(before, fetch_state(here, target.site))
    refusal = decide_refusal(state, target, held)
    if isinstance(refusal, WentBack):
        if there.fetch_held() != held:
            raise TransientError(f"another session of this site sends to {target}")
        args = {"site": target.site, "refused": refusal.message, "culprit": refusal.culprit}
        execute(here, query("proof_refuse"), args)
    if refusal:
        raise refusal
    return state, held


def _as_of(before: State, after: State) -> State:
    """The state of an origin, for what its target held between two looks at it.

    What was pruned is read before the position, what was begun and marked after it: else a batch
    that is applied meanwhile looks as if it were missing at one end or had come from the future.
    """
    return replace(
        before,
        next_xid=after.next_xid,
        proof_held=after.proof_held,
        proof_token=after.proof_token,
        refused=after.refused,
        culprit=after.culprit,
    )


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
    held = _fetch_held(there, state.site)
    state = _as_of(state, fetch_state(origin, target.site))
    ahead_s = value(origin, query("clock_logical")) - value(there, query("clock_now")).timestamp()
    if ahead_s > ahead_max_s:
        return MeshError(
            f"what site {state.site} writes is stamped {ahead_s:.0f} s ahead of the clock of"
            f" {target}, which refuses it",
            hint=f"correct the clock of site {state.site}: its changes are stamped anew then",
        )
    refusal = decide_refusal(state, target, held)
    moved = isinstance(refusal, WentBack) and _fetch_held(there, state.site) != held
    return None if moved and not state.refused else refusal


def _fetch_held(there: Connection, origin: int | None) -> Held:
    return Held(**dicts(there, query("target_position"), {"origin": origin})[0])
