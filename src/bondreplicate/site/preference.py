"""SQL of one table where a policy decides between concurrent changes of a row."""

from __future__ import annotations

from collections.abc import Mapping

from bondreplicate.border.database import (
    SQL,
    Composable,
    Composed,
    Identifier,
    Literal,
    joined,
    render,
)
from bondreplicate.border.sqlfiles import template
from bondreplicate.core.policies import HOOK, LATEST, Policy
from bondreplicate.site.expressions import BEFORE_ANY, timestamp


def prefer(tab: int, common: Mapping[str, Composable], policy: Policy) -> Composed:
    """The function `pg_temp.prefer_<tab>` of an applying session.

    Args:
        tab: id of the table here.
        common: what all templates of the table are rendered with.
        policy: other than latest.
    """
    parts = {**common, "columns": common["columns_array"], "before_any": timestamp(BEFORE_ANY)}
    verdict = (
        render(template("prefer_hook"), hook=Literal(policy.hook), **parts)
        if policy.kind == HOOK
        else render(template("prefer_site"), priority=_numbers(policy))
    )
    return render(
        template("prefer"),
        function=Identifier(f"prefer_{tab}"),
        known=render(template("prefer_known"), **parts),
        verdict=verdict,
        logged=render(template("prefer_logged"), **parts),
        **parts,
    )


def told_here(policy: Policy) -> Composable:
    """What else has to hold for a site to tell that the later of two changes stayed.

    With a policy, what stays in the end is known where one of the two was made, and not elsewhere.
    """
    if policy.kind == LATEST.kind:
        return SQL(template("told_here"))
    makers = SQL(template("told_by_makers"))
    once = [SQL(template("told_once"))] if policy.kind == HOOK else []
    return joined(" ", [makers, *once])


def _numbers(policy: Policy) -> Composed:
    return render("{p}::smallint []", p=Literal(list(policy.sites)))
