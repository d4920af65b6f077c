"""Which of two concurrent changes of one row stays, where that is not to be the later one."""

from __future__ import annotations

from dataclasses import dataclass

from bondreplicate.errors import SettingsError

SITE_PRIORITY, HOOK = "site_priority", "hook"


@dataclass(frozen=True)
class Policy:
    """What a table is told by `tables policy`.

    Attributes:
        kind: latest, site_priority or hook.
        sites: for site_priority: the first wins; those that are not named come after.
        hook: for hook: schema and name of the function.
        made_of: for hook: a digest of its definition; "": it is not there, or may write.
    """

    kind: str = "latest"
    sites: tuple[int, ...] = ()
    hook: str = ""
    made_of: str = ""

    @property
    def usable(self) -> bool:
        """Whether it can decide: a hook has to be there, and may not write."""
        return self.kind != HOOK or bool(self.made_of)

    def __str__(self) -> str:
        sites = ", ".join(str(site) for site in self.sites)
        return {SITE_PRIORITY: f"site-priority {sites}", HOOK: f"hook {self.hook}"}.get(
            self.kind, self.kind
        )

    @property
    def arguments(self) -> str:
        """What `tables policy TABLE` takes to say it."""
        sites = ",".join(str(site) for site in self.sites)
        return {
            SITE_PRIORITY: f"site-priority --sites {sites}",
            HOOK: f"hook --function {self.hook}",
        }.get(self.kind, self.kind)


LATEST = Policy()
"""The later version stays."""


def plan_policy(kind: str, sites: str | None = None, function: str | None = None) -> Policy:
    """The policy that people ask for.

    Args:
        kind: latest, site_priority or hook.
        sites: numbers of sites, with commas.
        function: schema and name.

    Raises:
        SettingsError: what belongs to the kind is missing, or something else is said.
    """
    if kind == SITE_PRIORITY and not sites:
        raise SettingsError("site-priority needs sites", hint="say which site wins: --sites 3,1")
    if kind != SITE_PRIORITY and sites:
        raise SettingsError(
            f"--sites is for site-priority, not for {kind}", hint="leave it out, or say that"
        )
    if kind == HOOK and not function:
        raise SettingsError("hook needs a function", hint="name it: --function public.decide")
    if kind != HOOK and function:
        raise SettingsError(
            f"--function is for hook, not for {kind}", hint="leave it out, or say that"
        )
    return Policy(kind, _numbers_of(sites) if sites else (), function or "")


def _numbers_of(sites: str) -> tuple[int, ...]:
    words = [word.strip() for word in sites.split(",")]
    if not all(word.isascii() and word.isdigit() and 0 < int(word) < 100 for word in words):
        raise SettingsError(
            f"--sites {sites}: not numbers of sites",
            hint="numbers with commas between: --sites 3,1",
        )
    numbers = tuple(int(word) for word in words)
    if len(set(numbers)) < len(numbers):
        raise SettingsError(f"--sites {sites}: a site is named twice", hint="name each site once")
    return numbers
