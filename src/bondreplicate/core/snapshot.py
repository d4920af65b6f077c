"""PostgreSQL's snapshots (`pg_snapshot` as text)."""

from __future__ import annotations

NOTHING = "1:1:"
"""A snapshot that shows no transaction at all."""
