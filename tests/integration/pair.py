"""Two sites whose daemons do not run: their state is written by hand, so that it stands still."""

from collections.abc import Callable

from tests.kit.binaries import available_versions
from tests.kit.mesh import Mesh
from tests.kit.site import Site

SETUP = """
create table item (id int primary key, name text, price numeric, at timestamptz, tags text[]);
create table line (item int not null, "Nr" int not null, note text, primary key (item, "Nr"));
create table bare (x int);
"""
TABLES = {"item": (["id"], ["id", "name", "price", "at", "tags"]),
          "line": (["item", "Nr"], ["item", "Nr", "note"])}  # fmt: skip
INCARNATION = "00000000-0000-4000-8000-00000000000{}"


def stand_in(site: Site) -> None:
    """Write down what the daemon would have written when it first ran."""
    site.execute(
        "update bondreplicate.replicate_state set site = %s, maxsites = 10, incarnation = %s",
        [site.number, INCARNATION.format(site.number)],
    )
    site.execute("delete from bondreplicate.replicate_tables")  # createdb.sql lists them already
    for name, (key, columns) in TABLES.items():
        site.execute(
            "insert into bondreplicate.replicate_tables"
            " (id, schema_name, table_name, active, key_columns, columns)"
            " overriding system value values (%s, 'public', %s, true, %s, %s)",
            [len(name) * 100 + site.number * 10 + sorted(TABLES).index(name), name, key, columns],
        )
    site.execute(
        "create function bondreplicate.capture_nothing() returns trigger language plpgsql"
        " as 'begin return null; end'"
    )
    for name in TABLES:
        for trigger in ("insert", "update", "delete", "truncate", "key"):
            event = "update" if trigger == "key" else trigger
            site.execute(
                f"create trigger bondreplicate_{trigger} after {event} on {name}"
                " execute function bondreplicate.capture_nothing()"
            )
    site.execute(
        "insert into bondreplicate.replicate_tables (schema_name, table_name, reason)"
        " values ('public', 'bare', 'no primary key')"
    )


def make_pair(new_mesh: Callable[..., Mesh]) -> tuple[Site, Site]:
    """Sites 1 and 2, on the oldest and the newest PostgreSQL there is."""
    versions = available_versions()
    mesh = new_mesh([versions[0], versions[-1]], SETUP, start=False)
    for site in mesh:
        stand_in(site)
    return mesh[1], mesh[2]


def log_change(site: Site, table: str, key: list[str] | None, *, origin: int | None = None) -> str:
    """Write a log entry as capture would; the position of a site that has everything after it.

    Args:
        site: where it is logged.
        table: name of the table.
        key: text of each key column; None: TRUNCATE.
        origin: the site the change was applied from; None: made here.
    """
    site.execute(
        "insert into bondreplicate.replicate_log"
        " (xid, origin_xid, stamp, hash, tab, site, source, part, key)"
        " select pg_current_xact_id(), case when %(origin)s::int is not null then '900'::xid8 end,"
        " clock_timestamp(), 0, t.id, coalesce(%(origin)s, %(own)s), coalesce(%(origin)s, %(own)s),"
        " 0, %(key)s from bondreplicate.replicate_tables t where t.table_name = %(table)s",
        {"origin": origin, "own": site.number, "key": key, "table": table},
    )
    return site.value("select pg_current_snapshot()::text")


def set_position(target: Site, origin: Site, position: str, incarnation: str | None = None) -> None:
    """Write down what a target has applied of an origin."""
    target.execute(
        "insert into bondreplicate.replicate_position (site, incarnation, position, batches, rows)"
        " values (%(site)s, %(inc)s, %(pos)s, 1, 1) on conflict (site) do update"
        " set position = excluded.position, incarnation = excluded.incarnation,"
        " applied_at = clock_timestamp()",
        {
            "site": origin.number,
            "inc": incarnation or INCARNATION.format(origin.number),
            "pos": position,
        },
    )


def park(target: Site, origin: Site, key: list[str], reason: str) -> None:
    """Write down a change that cannot be applied."""
    target.execute(
        "insert into bondreplicate.replicate_parked (source, schema_name, table_name, key, columns,"
        " stamp, site, repair, gone, reason) values (%s, 'public', 'item', %s, '{id}', now(), %s,"
        " 0, false, %s)",
        [origin.number, key, origin.number, reason],
    )
