"""What is looked at while a test runs: foreign keys everywhere, and how often a row is written."""

import contextlib
import threading
from collections.abc import Iterator, Sequence

import psycopg

from tests.kit import Mesh, checkers
from tests.kit.workloads import SHOP

AUDIT = """
create table audit (id uuid not null);
create function audit() returns trigger language plpgsql as $$
begin
    insert into public.audit values (new.id);
    return null;
end $$;
create trigger audit after insert or update on event for each row execute function audit();
alter table event enable always trigger audit;
"""
"""A row for each time that a row of `event` is written at a site, by a client or by a link."""

AUDITED_SHOP = SHOP + AUDIT


def keep_audit_apart(mesh: Mesh) -> None:
    """Take `audit` out of replication, before the first start: each site counts for itself."""
    for site in mesh:
        site.psql(
            "insert into bondreplicate.replicate_tables (schema_name, table_name, enabled, reason)"
            " values ('public', 'audit', false, 'counts what is written here')"
            " on conflict (schema_name, table_name) do update set enabled = false"
        )


def assert_applied_once(mesh: Mesh) -> None:
    """ONCE: each row of `event` was written one time at every site, whatever was repeated."""
    for site in mesh:
        wrong = site.query(
            "select id, count(a.id) from (select id from event union select id from audit) e"
            " left join audit a using (id) group by id having count(a.id) <> 1 limit 5"
        )
        assert not wrong, f"{site}: not written exactly once: {wrong}"


@contextlib.contextmanager
def watched_foreign_keys(dsns: Sequence[str], every_s: float = 0.5) -> Iterator[None]:
    """FK0 during the run: no reader may ever see an orphan, at any site.

    A site that does not answer shows nothing wrong.
    """
    ended = threading.Event()
    found: list[object] = []

    def watch() -> None:
        while not ended.wait(every_s):
            for dsn in dsns:
                with contextlib.suppress(psycopg.OperationalError):
                    found.extend((dsn, orphan) for orphan in checkers.orphans(dsn))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(30)
    assert not found, f"orphans were visible: {found[:5]}"
