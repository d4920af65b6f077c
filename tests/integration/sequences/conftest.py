"""Databases for tests of sequences."""

from collections.abc import Callable, Iterator

import pytest

from tests.integration.sequences.site import NewSite, SiteDatabase, install, opened
from tests.kit.binaries import available_versions
from tests.kit.clusters import Database


@pytest.fixture
def new_site(new_database: Callable[..., Database]) -> Iterator[NewSite]:
    """Makes a database with the user's schema and bondreplicate's, not aligned yet."""
    made: list[SiteDatabase] = []

    def make(
        setup_sql: str = "", version: str | None = None, copy_of: SiteDatabase | None = None
    ) -> SiteDatabase:
        database = new_database(version or available_versions()[-1])
        if copy_of:
            source = copy_of.database
            dump = source.cluster.pg_dump(source.name)
            database.psql(dump.replace("SET transaction_timeout = 0;", ""))
        else:
            install(database)
            if setup_sql:
                database.execute(setup_sql)
        made.append(opened(database))
        return made[-1]

    yield make
    for site in made:
        site.connection.close()
        site.writer.close()
