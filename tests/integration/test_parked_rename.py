"""A change that waits is the same after its table was renamed, in all that is known of it."""

from contextlib import closing

from bondreplicate.border.database import connect, execute
from bondreplicate.border.sqlfiles import query
from tests.kit.clusters import Database
from tests.kit.site import createdb_sql

DEFAULTS = (
    "select attname from pg_attribute join pg_attrdef on (adrelid, adnum) = (attrelid, attnum)"
    " where attrelid = 'bondreplicate.replicate_parked'::regclass and attname <> 'id'"
)
BEFORE = {
    "origin_tab": "7", "layout": "'x'", "columns": "'{id,v}'", "key_columns": "'{id}'",
    "key_numbers": "'{1}'", "hash": "5", "xid": "'9'", "maker": "3", "gone": "true",
    "merged_into": "'{4}'", "vals": "'{1,a}'", "seen": """'{"1": "5:5:"}'""", "tries": "8",
    "tried_by": "'11'", "again": "true", "refused": "true", "repair": "2",
    "parked_at": "'2020-01-01'", "counters": "'{}'", "only_counters": "true",
}  # fmt: skip


def test_nothing_of_a_change_is_lost_with_a_new_name(database: Database) -> None:
    database.psql(createdb_sql())
    # A new column with a default has to be told apart from one that was not copied.
    assert {name for (name,) in database.query(DEFAULTS)} <= BEFORE.keys()
    for name in ("t", "u"):
        database.execute(
            "insert into bondreplicate.replicate_parked"
            f" (source, schema_name, table_name, key, stamp, site, reason, {', '.join(BEFORE)})"
            f" values (2, 'public', '{name}', '{{1}}', '2021-01-01', 3, 'x',"
            f" {', '.join(BEFORE.values())})"
        )
    database.execute(
        "update bondreplicate.replicate_parked set origin_tab = 8 where table_name = 'u'"
    )
    facts = "select to_jsonb(p) from bondreplicate.replicate_parked as p order by id"
    before = [row for (row,) in database.query(facts)]
    assert [row["table_name"] for row in before] == ["t", "u"]
    with closing(connect(database.dsn, role="apply")) as connection:
        execute(connection, query("stage"))
        execute(
            connection,
            "insert into pg_temp.bond_shape (tab, schema_name, table_name, origin_tab)"
            " values (1, 'public', 'u', 7), (2, 'public', 't', 8)",
        )
        execute(connection, query("parked_rename"), {"origin": 2})
    after = [row for (row,) in database.query(facts)]
    assert [row["table_name"] for row in after] == ["u", "t"]
    assert [{**row, "table_name": ""} for row in after] == [
        {**row, "table_name": ""} for row in before
    ]
