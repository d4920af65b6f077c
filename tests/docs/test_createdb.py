"""createdb.sql in the repository is the one that the program prints."""

from tests.docs.pages import ROOT
from tests.kit import createdb_sql


def test_createdb_sql_is_current() -> None:
    same = (ROOT / "createdb.sql").read_text() == createdb_sql()
    assert same, "make it again: bondreplicate createdb > createdb.sql"
