"""Passwords: is there one in a text, and the same text without it."""

from __future__ import annotations

import re

MASK = "********"

_SECRETS = (
    re.compile(
        r"(?P<head>\b(?:ssl)?password\s*=\s*)(?P<secret>'(?:[^'\\]|\\.)*'|[^\s'&\"]+)", re.I
    ),
    re.compile(r"(?P<head>://[^\s/@:?#]*:)(?P<secret>[^\s/@]+)(?=@)"),
)
"""Keyword form and parameters of a URI; user part of a URI. Of libpq's two spellings of a DSN."""


def has_password(dsn: str) -> bool:
    """Whether a DSN carries a password."""
    return any(pattern.search(dsn) for pattern in _SECRETS)


def redact(text: str) -> str:
    """The text with every password in it masked; it may be any text, not only a DSN."""
    for pattern in _SECRETS:
        text = pattern.sub(lambda found: found["head"] + MASK, text)
    return text
