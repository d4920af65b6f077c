"""What two sites say otherwise of the same tables, and what makes them alike."""

from __future__ import annotations

from collections.abc import Sequence

from bondreplicate.core.findings import PROBLEM, WARNING, Finding
from bondreplicate.core.words import counted
from bondreplicate.site.listed import ListedTable

Pair = tuple[ListedTable, ListedTable]
"""A table as this site lists it, and as the other one does."""


def pair_tables(here: Sequence[ListedTable], there: Sequence[ListedTable]) -> list[Pair]:
    """The tables that both sites list, by name."""
    theirs = {t.name: t for t in there}
    return [(t, theirs[t.name]) for t in here if t.name in theirs]


def compare_tables(pairs: Sequence[Pair], where: str) -> list[Finding]:
    """Tables of which two sites do not say alike what is replicated, and how rows are merged.

    Policies are another matter: nothing waits for them.

    Args:
        pairs: from pair_tables().
        where: what to call the other site.
    """
    both = _active(pairs)
    return [
        *_compare_enabled(pairs, where),
        *_compare_resolve(both, where),
        *_compare_counters(both, where),
        *_compare_begun(both, where),
        *_compare_counted(both, where),
    ]


def compare_policies(pairs: Sequence[Pair], where: str) -> list[Finding]:
    """Tables that have a policy at one of two sites which is not used between the two."""
    return [
        Finding(
            "tables",
            WARNING,
            where,
            f"{_policies_differ(ours, theirs)}: between the two the later change stays",
            _make_alike(ours, theirs),
        )
        for ours, theirs in _not_used(pairs)
    ]


def list_policies_not_used(pairs: Sequence[Pair]) -> list[str]:
    """Names of the tables that compare_policies() tells of."""
    return [ours.name for ours, _ in _not_used(pairs)]


def _active(pairs: Sequence[Pair]) -> list[Pair]:
    return [(ours, theirs) for ours, theirs in pairs if ours.active and theirs.active]


def _not_used(pairs: Sequence[Pair]) -> list[Pair]:
    return [
        (ours, theirs)
        for ours, theirs in _active(pairs)
        if theirs.decides != ours.decides or not ours.decides.usable
    ]


def _compare_enabled(pairs: Sequence[Pair], where: str) -> list[Finding]:
    """Tables that are disabled at one of two sites: there they go their own way, unnoticed."""
    return [
        Finding(
            "tables",
            WARNING,
            where,
            f"{ours.name} is disabled {'at this site' if theirs.enabled else 'there'} only: what is"
            " written at one of the two does not reach the other",
            f"alike at every site: bondreplicate tables enable {ours.name} (or disable)",
        )
        for ours, theirs in pairs
        if theirs.enabled != ours.enabled and (ours.active or theirs.active)
    ]


def _compare_resolve(both: Sequence[Pair], where: str) -> list[Finding]:
    """Tables that two sites merge in different ways: their changes wait."""
    return [
        Finding(
            "tables",
            PROBLEM,
            where,
            f"merges {ours.name} by {theirs.resolve}, this site by {ours.resolve}:"
            " its changes wait",
            f"at every site: bondreplicate tables resolve {ours.name} row (or column)",
        )
        for ours, theirs in both
        if theirs.resolve != ours.resolve
    ]


def _compare_counters(both: Sequence[Pair], where: str) -> list[Finding]:
    """Tables of which two sites are told to add up other columns: their changes wait."""
    return [
        Finding(
            "tables",
            PROBLEM,
            where,
            f"counters of {ours.name}: {_named(theirs.counters)}, at this site"
            f" {_named(ours.counters)}: its changes wait",
            f"at every site: bondreplicate tables counters {ours.name}"
            f" {' '.join(ours.counters or theirs.counters)} (or --none)",
        )
        for ours, theirs in both
        if sorted(theirs.counters) != sorted(ours.counters)
    ]


def _compare_begun(both: Sequence[Pair], where: str) -> list[Finding]:
    """Tables whose counters two sites do not add up since the same time: their changes wait."""
    return [
        Finding(
            "tables",
            PROBLEM,
            where,
            f"counters of {ours.name} were begun {counted(theirs.begun, 'time')}, at this site"
            f" {counted(ours.begun, 'time')}: its changes wait",
            "where that is less often: bondreplicate tables counters"
            f" {ours.name} --none, then say them again",
        )
        for ours, theirs in both
        if sorted(theirs.counted) == sorted(ours.counted) and theirs.begun != ours.begun
    ]


def _compare_counted(both: Sequence[Pair], where: str) -> list[Finding]:
    """Tables that say the same counters, of which others are in effect at one of two sites."""
    return [
        Finding(
            "tables",
            WARNING,
            where,
            f"counters of {ours.name} in effect: {_named(theirs.counted)}, at this site"
            f" {_named(ours.counted)}: its changes wait until they are alike",
            "it takes some seconds in which nobody writes to the table; where that does not help,"
            " say at both sites what one of them has in effect:"
            f" bondreplicate tables counters {ours.name}"
            f" {' '.join(ours.counted or theirs.counted)}",
        )
        for ours, theirs in both
        if sorted(theirs.counters) == sorted(ours.counters)
        and sorted(theirs.counted) != sorted(ours.counted)
    ]


def _named(columns: Sequence[str]) -> str:
    return ", ".join(columns) or "none"


def _policies_differ(here: ListedTable, there: ListedTable) -> str:
    ours, theirs = here.decides, there.decides
    if str(ours) != str(theirs):
        return f"the policy of {here.name} is {theirs}, at this site {ours}"
    lacks = [name for name, p in (("there", theirs), ("at this site", ours)) if not p.usable]
    what = f"is missing, or VOLATILE, {' and '.join(lacks)}" if lacks else "is defined otherwise"
    return f"the policy of {here.name}, {ours}, {what}"


def _make_alike(here: ListedTable, there: ListedTable) -> str:
    ours, theirs = here.decides, there.decides
    if str(ours) == str(theirs):
        return f"create {ours.hook} at every site, word for word the same, STABLE or IMMUTABLE"
    said = theirs if ours.kind == "latest" else ours
    return f"alike at every site: bondreplicate tables policy {here.name} {said.arguments}"
