"""docs/reference/tables.md names every table and column that a fresh install has."""

import re
from pathlib import Path

from tests.kit.clusters import Database
from tests.kit.site import createdb_sql

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "tables.md"
COLUMNS = """
select c.relname::text, a.attname::text, pg_catalog.col_description(c.oid, a.attnum)
from pg_class as c join pg_attribute as a on a.attrelid = c.oid
where c.relnamespace = 'bondreplicate'::regnamespace and c.relkind in ('r', 'p')
    and not c.relispartition and a.attnum > 0 and not a.attisdropped
"""


def test_every_table_and_column_is_on_the_page(database: Database) -> None:
    database.psql(createdb_sql())
    told = {}
    for part in re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.M)[1:]:
        table = part.split("`")[1]
        for column, words in re.findall(r"^\| `(\w+)` \| [^|]+ \| (.*) \|$", part, re.M):
            told[table, column] = words.replace("\\|", "|")
    assert {tuple(row[:2]): row[2] for row in database.query(COLUMNS)} == told
